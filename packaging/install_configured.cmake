# Runs when dcp is installed; DCP_PROGRAM is the built one. A configuration that is there already stays.
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

# generate(WHAT FILE [COMMAND filter...]): what the program prints, as a file below the prefix.
function(generate what file)
  set(path "${root}${DCP_PREFIX}/${file}")
  message(STATUS "Installing: ${path}")
  get_filename_component(folder "${path}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  execute_process(COMMAND ${DCP_PROGRAM} generate ${what} ${ARGN}
    OUTPUT_FILE "${path}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()
generate(bash share/bash-completion/completions/dcp)
generate(zsh share/zsh/vendor-completions/_dcp)
generate(man share/man/man1/dcp.1.gz COMMAND gzip -9n)
