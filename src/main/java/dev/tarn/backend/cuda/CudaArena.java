package dev.tarn.backend.cuda;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import java.util.ArrayList;
import java.util.List;

/** One allocation for each tensor, all freed together: a tool that watches bounds then sees where a tensor ends. */
final class CudaArena implements Arena {

    private final CudaDevice device;
    private final String name;
    private final List<DevicePointer> taken = new ArrayList<>();
    private long bytes;

    CudaArena(CudaDevice device, String name) {
        this.device = device;
        this.name = name;
    }

    @Override
    public CudaTensor real(String tensorName, int... shape) {
        return tensor(Tensor.Kind.REAL, tensorName, shape);
    }

    @Override
    public CudaTensor ids(String tensorName, int... shape) {
        return tensor(Tensor.Kind.IDS, tensorName, shape);
    }

    private CudaTensor tensor(Tensor.Kind kind, String tensorName, int... shape) {
        long size = Math.multiplyExact(Shapes.size(shape), CudaTensor.ELEMENT);
        device.enter();
        DevicePointer pointer =
                device.memory().takeZeroed(tensorName + " " + Shapes.text(shape) + " in arena " + name, size);
        taken.add(pointer);
        bytes += size;
        return CudaTensor.at(pointer, kind, shape);
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        device.enter();
        taken.forEach(device.memory()::giveBack);
        taken.clear();
        bytes = 0;
    }
}
