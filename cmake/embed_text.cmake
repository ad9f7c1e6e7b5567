# Run as a script: writes a C++ source that defines each file's text as a constant.
#
#   cmake -D OUT=parts.cc -D HEADER=server/page_parts.h -D NAMESPACE=dcp::server
#         -D PARTS=kName=path|kOther=path -P embed_text.cmake
set(text "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n")
string(REPLACE "|" ";" parts "${PARTS}")
foreach(part IN LISTS parts)
  string(REGEX MATCH "^([^=]+)=(.*)$" matched "${part}")
  set(name ${CMAKE_MATCH_1})
  file(READ "${CMAKE_MATCH_2}" bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  # A literal's length is not bounded, a line's is for readers.
  string(REGEX REPLACE "(................................................................)" "\\1\"\n\"" bytes "${bytes}")
  string(APPEND text "extern const char ${name}[];\nconst char ${name}[] = \"${bytes}\";\n")
endforeach()
file(WRITE "${OUT}" "${text}}  // namespace ${NAMESPACE}\n")
