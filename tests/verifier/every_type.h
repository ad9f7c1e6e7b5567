// shop.t with a column of each common type, and rows at the limits of these. kTypes ends where the
// charset follows.
#pragma once

namespace dcp::verifier {

inline constexpr char kTypes[] =
    "CREATE TABLE shop.t (a INT UNSIGNED, b VARCHAR(9), v VARCHAR(20), c CHAR(5), f FLOAT, d "
    "DOUBLE, "
    "n DECIMAL(20,6), dt DATETIME(3), ti TIME, y YEAR, x BINARY(4), y2 VARBINARY(9), e "
    "ENUM('q','p'), s SET('m','n'), bi BIT(12), PRIMARY KEY (b, a)) DEFAULT CHARSET=";
inline constexpr char kRows[] =
    "INSERT INTO shop.t VALUES "
    "(1, 'a', 'Gr\xc3\xbc\xc3\x9f', 'x', 0.1, 0.1, 1.5, '2026-01-02 03:04:05.5', '-10:00:00', "
    "2026, "
    "x'01', x'ff00', 'p', 'n,m', 5), "
    "(2, 'a', '', '', 16777216, 1e100, -0.000001, '1999-12-31', '838:59:59', 1999, '', '', 'q', "
    "'', "
    "4095), (4294967295, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, NULL), (3, 'b', 'a,b', 'c', 3.4e38, 0.30000000000000004, 99999999999999, "
    "'2026-02-28 23:59:59.999', '00:00:00', 2000, x'ff', x'27', 'p', 'm', 0)";

}  // namespace dcp::verifier
