package dev.tarn.backend.cuda;

import dev.tarn.backend.cuda.KernelSignature.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * A kernel that is launched with typed arguments: begin, hand over the arguments in their order, launch. Each argument must
 * have the type that the PTX has at its place. Nothing is allocated after construction. Thread-safety: none.
 */
final class Kernel {

    private final KernelSignature signature;
    private final CUfunction function;
    private final CUstream stream;
    private final ByteBuffer arguments;
    private final Pointer extra;
    private int next;

    Kernel(KernelSignature signature, CUfunction function, CUstream stream) {
        this.signature = signature;
        this.function = function;
        this.stream = stream;
        int bytes = signature.parameterBytes();
        arguments = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        extra = Pointer.to(
                JCudaDriver.CU_LAUNCH_PARAM_BUFFER_POINTER,
                Pointer.to(arguments),
                JCudaDriver.CU_LAUNCH_PARAM_BUFFER_SIZE,
                Pointer.to(new long[] {bytes}),
                JCudaDriver.CU_LAUNCH_PARAM_END);
    }

    /** Threads of a block. */
    int blockSize() {
        return signature.blockSize();
    }

    /** Starts over with the first argument. */
    Kernel begin() {
        next = 0;
        return this;
    }

    private Parameter next(KernelSignature.Type type, int bytes) {
        if (next >= signature.parameters().size()) {
            throw new IllegalStateException("too many arguments for " + signature);
        }
        Parameter parameter = signature.parameters().get(next);
        if (parameter.type() != type || parameter.bytes() != bytes) {
            throw new IllegalStateException(
                    "argument " + next + " of " + signature + " is a " + type + " of " + bytes + " bytes here");
        }
        next++;
        return parameter;
    }

    /** How many blocks it takes when each does that much of the work. */
    static long blocks(long work, long each) {
        return (work + each - 1) / each;
    }

    Kernel pointer(DevicePointer pointer) {
        return int64(pointer.address());
    }

    Kernel orNull(@Nullable DevicePointer pointer) {
        return int64(pointer == null ? 0 : pointer.address());
    }

    /** The address of a tensor, or a null pointer. */
    Kernel tensor(@Nullable CudaTensor tensor) {
        return int64(tensor == null ? 0 : tensor.address());
    }

    Kernel int64(long value) {
        arguments.putLong(next(KernelSignature.Type.INT64, Long.BYTES).offset(), value);
        return this;
    }

    Kernel int32(int value) {
        arguments.putInt(next(KernelSignature.Type.INT32, Integer.BYTES).offset(), value);
        return this;
    }

    Kernel float32(float value) {
        arguments.putFloat(next(KernelSignature.Type.FLOAT32, Float.BYTES).offset(), value);
        return this;
    }

    Kernel float64(double value) {
        arguments.putDouble(next(KernelSignature.Type.FLOAT64, Double.BYTES).offset(), value);
        return this;
    }

    /** A structure by value, all bytes of it. */
    Kernel struct(ByteBuffer value) {
        Parameter parameter = next(KernelSignature.Type.STRUCT, value.capacity());
        arguments.put(parameter.offset(), value, 0, value.capacity());
        return this;
    }

    /** Queues the launch of {@code x} by {@code y} blocks with this many bytes of dynamic shared memory. */
    void launch(long x, long y, int sharedBytes) {
        if (next != signature.parameters().size()) {
            throw new IllegalStateException(next + " arguments for " + signature);
        }
        Cuda.check(
                JCudaDriver.cuLaunchKernel(
                        function,
                        Math.toIntExact(x),
                        Math.toIntExact(y),
                        1,
                        signature.blockSize(),
                        1,
                        1,
                        sharedBytes,
                        stream,
                        null,
                        extra),
                signature.name());
    }

    void launch(long x) {
        launch(x, 1, 0);
    }
}
