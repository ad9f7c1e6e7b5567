# Runs when dcp is installed. A configuration that is there already stays.
set(DCP_PREFIX ${CMAKE_INSTALL_PREFIX})
set(DCP_SYSCONFDIR ${CMAKE_INSTALL_PREFIX}/etc)
if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
  set(DCP_SYSCONFDIR /etc)
endif()
set(root "$ENV{DESTDIR}")

set(units ${DCP_PREFIX}/lib/systemd/system)
message(STATUS "Installing: ${root}${units}/dcp.service")
configure_file(${CMAKE_CURRENT_LIST_DIR}/dcp.service.in "${root}${units}/dcp.service" @ONLY)

set(config ${DCP_SYSCONFDIR}/dcp/dcp.toml)
if(EXISTS "${root}${config}")
  message(STATUS "Keeping: ${root}${config}")
else()
  message(STATUS "Installing: ${root}${config}")
  configure_file(${CMAKE_CURRENT_LIST_DIR}/dcp.toml.in "${root}${config}" @ONLY)
endif()
