// Calls of the driver that the device does not offer. It does not include driver.h: that declares, with their parameters,
// the ones that it does offer, and these weak definitions are of all.
#pragma once

extern "C" int tarn_unsupported(const char* call);

#define UNSUPPORTED(call) \
  extern "C" __attribute__((weak, visibility("default"))) int call() { return tarn_unsupported(#call); }
