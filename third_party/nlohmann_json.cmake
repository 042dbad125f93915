# nlohmann::json, header only, private to the library. A system or conda installation brings a CMake package; the
# registry's repackaging (`nlohmann-json`, a build requirement of pyproject.toml) brings the headers alone, in
# site-packages/nlohmann_json/include, which scikit-build-core puts on CMAKE_PREFIX_PATH.
find_path(STRIATE_JSON_INCLUDE_DIR nlohmann/json.hpp PATH_SUFFIXES nlohmann_json/include NO_CMAKE_SYSTEM_PATH)
if(STRIATE_JSON_INCLUDE_DIR)
  add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED)
  target_include_directories(nlohmann_json::nlohmann_json INTERFACE ${STRIATE_JSON_INCLUDE_DIR})
else()
  find_package(nlohmann_json 3.10 QUIET)
  if(NOT nlohmann_json_FOUND)
    message(FATAL_ERROR "striate needs the headers of nlohmann-json 3.10 or newer: install the system's package "
      "(Debian: nlohmann-json3-dev) or `pip install nlohmann-json` and add its site-packages to CMAKE_PREFIX_PATH.")
  endif()
endif()
