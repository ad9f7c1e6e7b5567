# Helpers for the targets of this project. Flags sit on one INTERFACE target
# that is linked PRIVATE, so that no user of a library inherits -Werror.
add_library(dcp_flags INTERFACE)
target_compile_features(dcp_flags INTERFACE cxx_std_20)
target_include_directories(dcp_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(dcp_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Werror
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  # GCC 12 sees overlaps in std::string's operator+ that are not there (PR 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

# Sanitizers apply to the whole build tree (also generated code), or the
# libraries would not agree about the layout of their containers.
if(DCP_SANITIZE)
  # GCC 12 sees uninitialised members in <regex> here (PR 105562).
  target_compile_options(dcp_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_compile_options(-fsanitize=${DCP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DCP_SANITIZE})
endif()

# Coverage for libFuzzer, of the whole tree for the same reason.
if(DCP_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "DCP_FUZZ needs clang: use the preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# dcp_library(NAME checker SRCS a.h a.cc DEPS dcp::model)
function(dcp_library)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS" ${ARGN})
  add_library(dcp_${ARG_NAME} STATIC ${ARG_SRCS})
  add_library(dcp::${ARG_NAME} ALIAS dcp_${ARG_NAME})
  target_link_libraries(dcp_${ARG_NAME} PUBLIC ${ARG_DEPS} PRIVATE dcp_flags)
  # The libraries whose lines script/coverage counts.
  if(ARG_NAME IN_LIST DCP_COVERAGE)
    target_compile_options(dcp_${ARG_NAME} PRIVATE --coverage)
    target_link_options(dcp_${ARG_NAME} INTERFACE --coverage)
  endif()
endfunction()

# dcp_test(NAME checker_test SRCS a_test.cc DEPS dcp::checker LABELS unit tsan [TIMEOUT s])
# Labels: `unit` is pure and fast and runs again under ASan+UBSan; `tsan` runs
# under TSan too; `integration` needs real servers; `long` runs only in
# `script/test --long`. A sanitizer's build tree holds only the tests that it
# runs, with the sanitizer's name before theirs.
# unit tests are discovered case by case; an integration binary is one ctest
# entry, because its servers start once per binary, and runs alone.
function(dcp_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  set(prefix "")
  if(DCP_SANITIZE)
    set(label unit)
    set(prefix asan.)
    if(DCP_SANITIZE MATCHES thread)
      set(label tsan)
      set(prefix tsan.)
    endif()
    if(NOT label IN_LIST ARG_LABELS)
      return()
    endif()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${ARG_NAME} ${ARG_SRCS})
  target_link_libraries(${ARG_NAME} PRIVATE dcp_flags ${ARG_DEPS} dcp::test_support GTest::gmock GTest::gtest)
  if("integration" IN_LIST ARG_LABELS)
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
    set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL TRUE)
    add_dependencies(dcp_integration_tests ${ARG_NAME})
  else()
    target_link_libraries(${ARG_NAME} PRIVATE GTest::gmock_main)
    gtest_discover_tests(${ARG_NAME} TEST_PREFIX "${prefix}"
      PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} DISCOVERY_TIMEOUT 60)
    add_dependencies(dcp_unit_tests ${ARG_NAME})
    if("tsan" IN_LIST ARG_LABELS)
      add_dependencies(dcp_tsan_tests ${ARG_NAME})
    endif()
  endif()
endfunction()

# dcp_script_test(NAME launch COMMAND script args... LABELS integration [TIMEOUT s])
# A test that is no C++ program. The labels are dcp_test's; it runs in the tree
# without sanitizers only.
function(dcp_script_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "COMMAND;LABELS" ${ARGN})
  if(DCP_SANITIZE)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_COMMAND})
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  if("integration" IN_LIST ARG_LABELS)
    set_tests_properties(${ARG_NAME} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()
