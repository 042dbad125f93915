// What the shared library exports.
#pragma once

#if defined(_WIN32) && defined(STRIATE_SHARED)
#ifdef STRIATE_BUILDING
#define STRIATE_API __declspec(dllexport)
#else
#define STRIATE_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define STRIATE_API __attribute__((visibility("default")))
#else
#define STRIATE_API
#endif
