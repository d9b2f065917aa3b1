# What `make install` puts where. bin/syscost-NAME is a link to the script
# NAME in share/syscost/scripts, which finds what it imports beside itself and
# the program in bin/.
include(GNUInstallDirs)
set(CMAKE_INSTALL_MESSAGE NEVER)
set(scripts_dir ${CMAKE_INSTALL_DATADIR}/syscost/scripts)

install(TARGETS syscost RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES docs/syscost.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES scripts/completion.bash RENAME syscost
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN *.md PATTERN *.toml)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What the scripts share, and every script in Python but what is for the tree, as
# those in shell are.
file(RELATIVE_PATH from_bin /${CMAKE_INSTALL_BINDIR} /${scripts_dir})
file(GLOB scripts CONFIGURE_DEPENDS scripts/*)
list(FILTER scripts EXCLUDE REGEX "/(probe-study|lab-figures|__pycache__)$")
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/links)
foreach(script ${scripts})
  if(IS_DIRECTORY ${script})
    install(DIRECTORY ${script} DESTINATION ${scripts_dir}
      USE_SOURCE_PERMISSIONS PATTERN __pycache__ EXCLUDE)
    continue()
  endif()
  file(STRINGS ${script} first LIMIT_COUNT 1)
  if(NOT first STREQUAL "#!/usr/bin/env python3")
    continue()
  endif()
  get_filename_component(name ${script} NAME)
  install(PROGRAMS ${script} DESTINATION ${scripts_dir})
  set(link ${CMAKE_CURRENT_BINARY_DIR}/links/syscost-${name})
  file(CREATE_LINK ${from_bin}/${name} ${link} SYMBOLIC)
  install(FILES ${link} DESTINATION ${CMAKE_INSTALL_BINDIR})
endforeach()
