package dev.tarn.backend.cuda;

import jcuda.driver.CUdeviceptr;

/** An address in device memory that tells its number, which kernels get among their arguments. */
final class DevicePointer extends CUdeviceptr {

    /** A null pointer, which an allocation sets. */
    DevicePointer() {}

    private DevicePointer(DevicePointer origin, long bytes) {
        super(origin, bytes);
    }

    long address() {
        return getNativePointer() + getByteOffset();
    }

    boolean isAligned(int bytes) {
        return address() % bytes == 0;
    }

    /** The address that many bytes further on. */
    DevicePointer plus(long bytes) {
        return new DevicePointer(this, bytes);
    }
}
