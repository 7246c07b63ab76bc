#include "CLinuxShims.h"

#include <linux/if_tun.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

// Minor numbers of MISC_MAJOR and the major number of ppp, as include/linux/miscdevice.h and
// Documentation/admin-guide/devices.txt have them.
enum { TUN = 200, VHOST_NET = 238, VHOST_VSOCK = 241, PPP = 108 };

// Majors that drivers get when they are loaded: include/linux/fs.h (CHRDEV_MAJOR_DYN_*).
static int is_dynamic(unsigned number) {
  return (number >= 234 && number <= 254) || (number >= 384 && number <= 511);
}

// A macvtap or an ipvtap has no number of its own, so it is asked what only such a device answers.
static int answers_as_tap(int descriptor) {
  unsigned features;
  if (!ioctl(descriptor, TUNGETFEATURES, &features)) return 1;
  // A filter that answers for the device hides what it is.
  return errno == EACCES || errno == EPERM || errno == ENOSYS;
}

enum nonet_device nonet_device_kind(int descriptor, uint64_t device) {
  switch (major(device)) {
  case PPP: return NONET_DEVICE_PPP;
  case MISC_MAJOR:
    switch (minor(device)) {
    case TUN: return NONET_DEVICE_TUN;
    case VHOST_NET:
    case VHOST_VSOCK: return NONET_DEVICE_VHOST;
    }
    return NONET_DEVICE_OTHER;
  }
  if (!is_dynamic(major(device)) || nonet_is_only_name(descriptor) == 1) return NONET_DEVICE_OTHER;
  return answers_as_tap(descriptor) ? NONET_DEVICE_TAP : NONET_DEVICE_OTHER;
}
