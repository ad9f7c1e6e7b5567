#include "verifier/repair_sql.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "mysql/column_type.h"
#include "row/renderer.h"
#include "verifier/cell.h"

namespace dcp::verifier {
namespace {

using mysql::Column;
using mysql::QuoteName;
using Kind = RepairStatement::Kind;

bool Same(absl::string_view a, absl::string_view b) { return absl::EqualsIgnoreCase(a, b); }

// The place of a column in an image, by the target's name for it; nullopt: the table has none.
std::optional<size_t> PlaceOf(const ImageTable& table, absl::string_view name) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (Same(ComparedName(table.read.renamed, table.columns[i].name), name)) return i;
  }
  return std::nullopt;
}

// A column of the target that gets the source's value.
struct Copied {
  const Column* from;
  const Column* to;
  const Cell* cell;
};

// The statements of one row.
class RowRepair {
 public:
  RowRepair(const RepairTable& table, const Lookup& key, const RowImage& source,
            const RowImage& target)
      : table_(table),
        key_(key),
        source_(source),
        target_(target),
        name_(absl::StrCat(QuoteName(table.target->read.name.database), ".",
                           QuoteName(table.target->read.name.name))) {}

  absl::StatusOr<RepairStatement> Delete() const {
    DCP_ASSIGN_OR_RETURN(const std::string where, AsSeen());
    return RepairStatement{
        Kind::kDelete,
        absl::StrCat("DELETE ", table_.mark, " FROM ", name_, " WHERE ", where,
                     Unreferred([](const ForeignKey& key) { return key.acts_on_delete; })),
        InsertOwn()};
  }

  absl::StatusOr<RepairStatement> Insert() const {
    const NewRow row = target_.exists ? Exchanged() : CopiedRow();
    DCP_ASSIGN_OR_RETURN(const std::string key, KeyOnTarget());
    const std::string into = absl::StrCat("INSERT ", table_.mark, " INTO ", name_, " (",
                                          absl::StrJoin(row.names, ", "), ")");
    const std::string values = absl::StrJoin(row.values, ", ");
    return RepairStatement{
        Kind::kInsert,
        table_.key_is_unique || target_.exists
            ? absl::StrCat(into, " VALUES (", values, ")")
            : absl::StrCat(into, " SELECT ", values, " FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM ",
                           name_, " WHERE ", key, ")"),
        absl::StrCat("DELETE ", table_.mark, " FROM ", name_, " WHERE ", key, " AND ",
                     absl::StrJoin(row.conditions, " AND "))};
  }

  absl::StatusOr<RepairStatement> Update() const {
    const std::vector<Copied> copies = DifferingCopies();
    if (copies.empty()) {
      return absl::FailedPreconditionError(
          "only generated columns differ: their expressions, or what they are made of, have to be "
          "mended");
    }
    std::string set, unset;
    for (const Copied& copy : copies) {
      const std::string name = QuoteName(copy.to->name);
      const Cell& former = target_.cells[*PlaceOf(*table_.target, copy.to->name)];
      absl::StrAppend(&set, set.empty() ? "" : ", ", name, " = ",
                      CopyLiteral(*copy.from, *copy.to, *copy.cell));
      absl::StrAppend(&unset, unset.empty() ? "" : ", ", name, " = ", OwnLiteral(*copy.to, former));
    }
    const std::string kept = KeptTimes(copies);
    DCP_ASSIGN_OR_RETURN(const std::string seen, AsSeen());
    DCP_ASSIGN_OR_RETURN(const std::string left, AsLeft(copies));
    const auto acts = [&](const ForeignKey& key) {
      return key.acts_on_update &&
             std::any_of(copies.begin(), copies.end(), [&](const Copied& copy) {
               return std::any_of(key.parent_columns.begin(), key.parent_columns.end(),
                                  [&](const std::string& c) { return Same(c, copy.to->name); });
             });
    };
    return RepairStatement{
        Kind::kUpdate,
        absl::StrCat("UPDATE ", table_.mark, " ", name_, " SET ", set, kept, " WHERE ", seen,
                     Unreferred(acts)),
        absl::StrCat("UPDATE ", table_.mark, " ", name_, " SET ", unset, kept, " WHERE ", left)};
  }

 private:
  absl::StatusOr<std::string> KeyOnTarget() const {
    DCP_ASSIGN_OR_RETURN(const auto condition,
                         KeyCondition(*table_.plan, table_.target->read, key_.key));
    if (condition.has_value()) return *condition;
    return absl::FailedPreconditionError("a column of the target's key cannot hold this key");
  }

  // The key, for its index, and every column as the target held it.
  absl::StatusOr<std::string> AsSeen() const {
    DCP_ASSIGN_OR_RETURN(std::string where, KeyOnTarget());
    for (size_t i = 0; i < target_.cells.size(); ++i) {
      absl::StrAppend(&where, " AND ", ExactCondition(table_.target->columns[i], target_.cells[i]));
    }
    return where;
  }

  // The same once `copies` have been made.
  absl::StatusOr<std::string> AsLeft(const std::vector<Copied>& copies) const {
    DCP_ASSIGN_OR_RETURN(std::string where, KeyOnTarget());
    for (size_t i = 0; i < target_.cells.size(); ++i) {
      const Column& column = table_.target->columns[i];
      if (column.generated) continue;
      const Copied* const copy = FindCopy(copies, column);
      absl::StrAppend(&where, " AND ",
                      copy == nullptr ? ExactCondition(column, target_.cells[i])
                                      : CopiedCondition(*copy->from, *copy->to, *copy->cell));
    }
    return where;
  }

  std::vector<Copied> DifferingCopies() const {
    std::vector<Copied> copies;
    for (const size_t i : row::Renderer().DifferingColumns(source_.content, target_.content)) {
      const Column& to = table_.target->columns[i];
      if (!to.generated) copies.push_back({&source_.table->columns[i], &to, &source_.cells[i]});
    }
    return copies;
  }

  // A row to be inserted: names and literals of its columns, and what is true of it then.
  struct NewRow {
    std::vector<std::string> names, values, conditions;

    void Copy(const Column& from, const Column& to, const Cell& cell) {
      names.push_back(QuoteName(to.name));
      values.push_back(CopyLiteral(from, to, cell));
      conditions.push_back(CopiedCondition(from, to, cell));
    }
    void Keep(const Column& column, const Cell& cell) {
      names.push_back(QuoteName(column.name));
      values.push_back(OwnLiteral(column, cell));
      conditions.push_back(ExactCondition(column, cell));
    }
  };

  // The source's values of all columns that both have, compared or not.
  NewRow CopiedRow() const {
    NewRow row;
    for (const Column& to : table_.target->columns) {
      const std::optional<size_t> from = PlaceOf(*source_.table, to.name);
      if (to.generated || !from.has_value()) continue;
      row.Copy(source_.table->columns[*from], to, source_.cells[*from]);
    }
    return row;
  }

  // The target's row, but for what differs.
  NewRow Exchanged() const {
    const std::vector<Copied> copies = DifferingCopies();
    NewRow row;
    for (size_t i = 0; i < target_.cells.size(); ++i) {
      const Column& column = table_.target->columns[i];
      if (column.generated) continue;
      const Copied* const copy = FindCopy(copies, column);
      if (copy == nullptr) {
        row.Keep(column, target_.cells[i]);
      } else {
        row.Copy(*copy->from, column, *copy->cell);
      }
    }
    return row;
  }

  static const Copied* FindCopy(const std::vector<Copied>& copies, const Column& to) {
    const auto found =
        std::find_if(copies.begin(), copies.end(), [&](const Copied& c) { return c.to == &to; });
    return found == copies.end() ? nullptr : &*found;
  }

  // Columns that the server sets by itself when others change keep their values.
  std::string KeptTimes(const std::vector<Copied>& copies) const {
    std::string kept;
    for (const Column& column : table_.target->columns) {
      const bool is_time =
          column.type == mysql::kTypeTimestamp2 || column.type == mysql::kTypeDatetime2;
      if (!is_time || column.generated || FindCopy(copies, column) != nullptr) continue;
      const std::string name = QuoteName(column.name);
      absl::StrAppend(&kept, ", ", name, " = ", name);
    }
    return kept;
  }

  std::string InsertOwn() const {
    std::string columns, values;
    for (size_t i = 0; i < target_.cells.size(); ++i) {
      const Column& column = table_.target->columns[i];
      if (column.generated) continue;
      absl::StrAppend(&columns, columns.empty() ? "" : ", ", QuoteName(column.name));
      absl::StrAppend(&values, values.empty() ? "" : ", ", OwnLiteral(column, target_.cells[i]));
    }
    return absl::StrCat("INSERT ", table_.mark, " INTO ", name_, " (", columns, ") VALUES (",
                        values, ")");
  }

  // " AND NOT EXISTS …" for each foreign key by which the server would change other rows too.
  template <typename Acts>
  std::string Unreferred(const Acts& acts) const {
    std::string conditions;
    for (const ForeignKey& key : table_.referring) {
      if (!acts(key)) continue;
      const std::optional<std::string> child = ChildOf(key);
      if (!child.has_value()) continue;
      // The LIMIT keeps the server from merging the inner query, which may be of the same table.
      absl::StrAppend(&conditions, " AND NOT EXISTS (SELECT 1 FROM (SELECT 1 FROM ",
                      QuoteName(key.child.database), ".", QuoteName(key.child.name), " WHERE ",
                      *child, " LIMIT 1) AS dcp_child)");
    }
    return conditions;
  }

  // nullopt: the row has a NULL there, and no children.
  std::optional<std::string> ChildOf(const ForeignKey& key) const {
    std::vector<std::string> conditions;
    for (size_t i = 0; i < key.child_columns.size(); ++i) {
      const std::optional<size_t> place = PlaceOf(*table_.target, key.parent_columns[i]);
      if (!place.has_value()) continue;
      const Cell& cell = target_.cells[*place];
      if (cell.is_null()) return std::nullopt;
      conditions.push_back(absl::StrCat(QuoteName(key.child_columns[i]), " = ",
                                        OwnLiteral(table_.target->columns[*place], cell)));
    }
    if (conditions.empty()) conditions.push_back("TRUE");
    return absl::StrJoin(conditions, " AND ");
  }

  const RepairTable& table_;
  const Lookup& key_;
  const RowImage& source_;
  const RowImage& target_;
  const std::string name_;
};

}  // namespace

std::string UndoSettings() {
  return "SET NAMES utf8mb4, time_zone = '+00:00', foreign_key_checks = 0, sql_mode = "
         "'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'";
}

absl::StatusOr<RepairStatement> MakeRepair(const RepairTable& table, const Lookup& key,
                                           const RowImage& source, const RowImage& target) {
  const RowRepair repair(table, key, source, target);
  if (!source.exists) return repair.Delete();
  return target.exists ? repair.Update() : repair.Insert();
}

absl::StatusOr<std::vector<RepairStatement>> MakeReplacement(const RepairTable& table,
                                                             const Lookup& key,
                                                             const RowImage& source,
                                                             const RowImage& target) {
  const RowRepair repair(table, key, source, target);
  DCP_ASSIGN_OR_RETURN(RepairStatement removal, repair.Delete());
  DCP_ASSIGN_OR_RETURN(RepairStatement insertion, repair.Insert());
  return std::vector<RepairStatement>{std::move(removal), std::move(insertion)};
}

}  // namespace dcp::verifier
