package dev.tarn.backend.reference;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Mask;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.Tensor;

/** Short ways to put numbers on the reference backend and to read them again. */
final class Desk {

    final ReferenceBackend backend = new ReferenceBackend();
    private final Arena arena = backend.arena("desk");

    Tensor put(double[] values, int... shape) {
        Tensor tensor = arena.real("values", shape);
        backend.upload(values, tensor);
        return tensor;
    }

    Tensor ids(int[] values, int... shape) {
        Tensor tensor = arena.ids("ids", shape);
        backend.upload(values, tensor);
        return tensor;
    }

    Tensor zeros(int... shape) {
        return arena.real("zeros", shape);
    }

    double[] read(Tensor tensor) {
        double[] values = new double[(int) tensor.size()];
        backend.download(tensor, values);
        return values;
    }

    static Mask drawn(double p, long seed) {
        return Mask.of((float) p, new RandomKey(seed, RandomKey.Purpose.WEIGHT_DROP, 0, 0));
    }

    static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += left[i] * right[i];
        }
        return sum;
    }
}
