# The relocatable C++ package: find_package(striate) gives striate::striate. The wheel carries the same tree inside the
# Python package, and `python -m striate --cmake-dir` prints where.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
if(STRIATE_BUILD_PYTHON)
  # Distributions differ in lib, lib64 and lib/<triplet>; in a Python package it is lib on all of them.
  set(CMAKE_INSTALL_LIBDIR lib)
else()
  # Not in a wheel, which holds no symbolic links: three names for the library would be three copies of it.
  # Before 1.0 a minor version may change the binary interface.
  set_target_properties(striate PROPERTIES VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endif()

set(STRIATE_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/striate)
install(TARGETS striate EXPORT striate-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include/striate ${CMAKE_CURRENT_BINARY_DIR}/include/striate
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT striate-targets NAMESPACE striate:: DESTINATION ${STRIATE_CMAKE_DIR})

configure_package_config_file(cmake/striate-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/striate-config.cmake
  INSTALL_DESTINATION ${STRIATE_CMAKE_DIR} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/striate-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/striate-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/striate-config-version.cmake DESTINATION ${STRIATE_CMAKE_DIR})
