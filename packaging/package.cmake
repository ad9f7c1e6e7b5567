# What `cmake --install` puts where, and the Debian package made of it:
#
#   cmake --install build/release [--prefix /usr]
#   cmake --build build/release --target deb      # build/release/dcp_VERSION_ARCHITECTURE.deb
include(GNUInstallDirs)
# Installing builds nothing: neither tests nor what else is in the tree.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(DCP_DOCS ${CMAKE_INSTALL_DATAROOTDIR}/doc/dcp)
install(TARGETS dcp RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md CHANGELOG.md LICENSE packaging/debian/copyright DESTINATION ${DCP_DOCS})
install(FILES server/page/uplot/LICENSE DESTINATION ${DCP_DOCS}/uplot)
install(DIRECTORY docs DESTINATION ${DCP_DOCS} PATTERN __pycache__ EXCLUDE)
install(DIRECTORY proto DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/dcp FILES_MATCHING PATTERN *.proto)
# The completion of shells and the manual page are printed by the program; the unit and the
# configuration name paths, which are known when it is installed.
install(CODE "set(DCP_PROGRAM \"$<TARGET_FILE:dcp>\")")
install(SCRIPT packaging/install_configured.cmake)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dcp)
set(CPACK_PACKAGE_VENDOR dcp)
set(CPACK_PACKAGE_CONTACT "dcp maintainers <maintainers@dcp.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "proves that a MySQL target holds what its source holds")
set(CPACK_PACKAGE_DESCRIPTION
"Reads the binlogs of a MySQL or MariaDB source and of its target, or changes
that clients push over gRPC, while both are being written to, and says within
seconds which rows differ, how, and since when. Compares whole tables too, and
writes what makes the target equal again.")
set(CPACK_STRIP_FILES ON)
# Prefix /usr, and the configuration in /etc.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, procps, tzdata")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(control ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${control}/postinst ${control}/prerm ${control}/postrm ${control}/conffiles)
include(CPack)

add_custom_target(deb
  COMMAND ${CMAKE_CPACK_COMMAND} --config ${CMAKE_BINARY_DIR}/CPackConfig.cmake
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR} USES_TERMINAL VERBATIM
  COMMENT "Making the Debian package")
add_dependencies(deb dcp)
