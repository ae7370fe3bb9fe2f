package dev.tarn.backend.cuda;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Devices;
import dev.tarn.backend.LstmPath;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Precision;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.Tensor;
import java.util.EnumMap;
import java.util.Map;

/**
 * A program that submits the head of fastai's classifier forward and backward, and prints what that made the software device
 * do: a name and a number a line.
 */
final class CountedHead {

    static final int BATCH = 64;
    static final int STEPS = 1400;
    static final int HIDDEN = 400;
    static final int LINEAR = 50;
    static final int CLASSES = 2;

    private CountedHead() {}

    /** A batch normalisation and the linear layer behind it. */
    private static final class Layer {
        final Tensor x;
        final Tensor dx;
        final Tensor normalized;
        final Tensor dNormalized;
        final Tensor saved;
        final BatchNorm norm;
        final BatchNorm gradients;
        final Tensor w;
        final Tensor dw;
        final Tensor b;
        final Tensor db;
        final Mask mask = Mask.of(0.1f, new RandomKey(1, RandomKey.Purpose.HIDDEN_DROPOUT, 0, 0));

        Layer(Arena arena, int inputs, int outputs) {
            x = arena.real("x", BATCH, inputs);
            dx = arena.real("dx", BATCH, inputs);
            normalized = arena.real("normalized", BATCH, inputs);
            dNormalized = arena.real("dNormalized", BATCH, inputs);
            saved = arena.real("saved", 2, inputs);
            norm = norm(arena, inputs);
            gradients = norm(arena, inputs);
            w = arena.real("w", outputs, inputs);
            dw = arena.real("dw", outputs, inputs);
            b = arena.real("b", outputs);
            db = arena.real("db", outputs);
        }

        private static BatchNorm norm(Arena arena, int features) {
            return new BatchNorm(
                    arena.real("gamma", features),
                    arena.real("beta", features),
                    arena.real("mean", features),
                    arena.real("variance", features));
        }

        void forward(Backend backend, boolean relu, Tensor y) {
            backend.batchNorm(x, relu, norm, saved, mask, normalized);
            backend.linear(normalized, w, b, y);
        }

        void backward(Backend backend, boolean relu, Tensor dy) {
            backend.linearBackward(normalized, w, dy, dNormalized, dw, db);
            backend.batchNormBackward(x, relu, norm, saved, mask, dNormalized, dx, gradients.gamma(), gradients.beta());
        }
    }

    /** @param args none */
    public static void main(String[] args) {
        try (Backend backend = Devices.open("cuda:0", new BackendOptions(Precision.F32, LstmPath.FUSED));
                Arena arena = backend.arena("head")) {
            Layer first = new Layer(arena, 3 * HIDDEN, LINEAR);
            Layer second = new Layer(arena, LINEAR, CLASSES);
            Tensor h = arena.real("h", STEPS, BATCH, HIDDEN);
            Tensor dh = arena.real("dh", STEPS, BATCH, HIDDEN);
            Tensor chosen = arena.ids("chosen", BATCH, HIDDEN);
            Tensor logits = arena.real("logits", BATCH, CLASSES);
            Padding padding = new Padding(arena.ids("ids", STEPS, BATCH), 1, 0, 0, 0);
            Map<DeviceCounter, Long> before = new EnumMap<>(DeviceCounter.class);
            for (DeviceCounter counter : DeviceCounter.values()) {
                before.put(counter, counter.value());
            }
            backend.pool(h, padding, first.x, chosen);
            first.forward(backend, false, second.x);
            second.forward(backend, true, logits);
            second.backward(backend, true, logits);
            first.backward(backend, false, second.dx);
            backend.poolBackward(first.dx, padding, chosen, dh);
            before.forEach((counter, earlier) -> System.out.println(counter + " " + (counter.value() - earlier)));
        }
    }
}
