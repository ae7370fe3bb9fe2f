package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Precision;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.RandomKey.Purpose;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a training step takes from the Java heap and from the system, and what closing gives back. */
class StepMemoryTest {

    private static final int STEPS = 6;
    private static final int BATCH = 4;
    private static final int VOCABULARY = 500;
    private static final int WIDTH = 70;

    /** Closures of parallel loops, a few dozen bytes each; not one array. */
    private static final long HEAP_BYTES_PER_STEP = 8_000;

    /** All operations of a step on one layer. */
    private static final class Step implements AutoCloseable {
        final HostMemory memory = HostMemory.ofThisMachine();
        final Backend backend;
        final Arena arena;
        final Lstm lstm;
        final Decoder decoder;
        final Tensor parameters;
        final Tensor gradients;
        final Tensor m;
        final Tensor v;
        final Tensor w;
        final Tensor dw;
        final Tensor b;
        final Tensor db;
        final LstmWeights weights;
        final LstmWeights dWeights;
        final List<Segment> segments;
        final Tensor[] activations = new Tensor[6];
        final Tensor[] states = new Tensor[4];
        final Tensor ids;
        final Tensor stats;
        final Tensor values;
        final Tensor norms;
        final Tensor clip;
        final Tensor head;
        final Tensor dHead;
        final Tensor dPooled;
        final Tensor chosen;
        final BatchNorm norm;
        final Tensor saved;
        final double[] rates = {1e-3};
        final double[] decays = {0.01};

        Step(Precision precision) {
            backend = new CpuBackend(precision, memory, new Team(memory, 2, 2), "test");
            arena = backend.arena("step");
            int matrix = 4 * WIDTH * WIDTH;
            int size = VOCABULARY * WIDTH + VOCABULARY + 2 * matrix + 8 * WIDTH;
            parameters = arena.real("parameters", size);
            gradients = arena.real("gradients", size);
            m = arena.real("m", size);
            v = arena.real("v", size);
            float[] values0 = new float[size];
            for (int i = 0; i < size; i++) {
                values0[i] = (float) Math.sin(i) * 0.1f;
            }
            backend.upload(values0, parameters);
            w = parameters.view(0, VOCABULARY, WIDTH);
            dw = gradients.view(0, VOCABULARY, WIDTH);
            b = parameters.view((long) VOCABULARY * WIDTH, VOCABULARY);
            db = gradients.view((long) VOCABULARY * WIDTH, VOCABULARY);
            weights = weights(parameters, VOCABULARY * WIDTH + VOCABULARY, matrix);
            dWeights = weights(gradients, VOCABULARY * WIDTH + VOCABULARY, matrix);
            segments = List.of(new Segment(0, size, 0));
            for (int k = 0; k < activations.length; k++) {
                activations[k] = arena.real("activation", STEPS, BATCH, WIDTH);
            }
            for (int k = 0; k < states.length; k++) {
                states[k] = arena.real("state", BATCH, WIDTH);
            }
            ids = arena.ids("ids", STEPS, BATCH);
            stats = arena.real("stats", 2);
            values = arena.real("values", 3);
            norms = arena.real("norms", STEPS, BATCH);
            clip = arena.real("clip", 2);
            head = arena.real("pooled, then normalized", 2 * BATCH, 3 * WIDTH);
            dPooled = arena.real("gradient of it", BATCH, 3 * WIDTH);
            dHead = arena.real("parameters and gradients of the head", 12, 3 * WIDTH);
            chosen = arena.ids("chosen", BATCH, WIDTH);
            norm = new BatchNorm(row(0), row(1), row(2), row(3));
            saved = arena.real("saved", 2, 3 * WIDTH);
            lstm = backend.lstm(BATCH, STEPS, WIDTH, WIDTH);
            decoder = backend.decoder(VOCABULARY, WIDTH, STEPS * BATCH);
        }

        private Tensor row(int index) {
            return dHead.view(3L * WIDTH * index, 3 * WIDTH);
        }

        /** Pooling, batch normalisation and a linear layer to the padded positions of y, forward and backward. */
        private void head(Tensor y, Padding padding, Mask mask, Tensor dh) {
            Tensor pooled = head.first(BATCH);
            Tensor normalized = head.view(3L * BATCH * WIDTH, BATCH, 3 * WIDTH);
            Tensor logits = stats.view(0, 2, 1);
            Tensor some = normalized.first(2);
            Tensor w = dHead.view(3L * WIDTH * 8, 1, 3 * WIDTH);
            Tensor dw = dHead.view(3L * WIDTH * 9, 1, 3 * WIDTH);
            backend.pool(y, padding, pooled, chosen);
            backend.batchNorm(pooled, true, norm, saved, mask, normalized);
            backend.batchNormEvaluate(pooled, true, norm, normalized);
            backend.linear(some, w, values.view(0, 1), logits);
            backend.linearBackward(some, w, logits, dPooled.first(2), dw, values.view(1, 1));
            backend.batchNormBackward(pooled, true, norm, saved, mask, dPooled, dPooled, row(4), row(5));
            backend.poolBackward(dPooled, padding, chosen, dh);
        }

        private static LstmWeights weights(Tensor flat, int at, int matrix) {
            return new LstmWeights(
                    flat.view(at, 4 * WIDTH, WIDTH),
                    flat.view(at + matrix, 4 * WIDTH, WIDTH),
                    flat.view(at + 2L * matrix, 4 * WIDTH),
                    flat.view(at + 2L * matrix + 4 * WIDTH, 4 * WIDTH));
        }

        void run(int steps, Mask mask, Mask weightDrop, Regularization regularization) {
            Tensor x = activations[0].first(steps);
            Tensor y = activations[1].first(steps);
            Tensor dropped = activations[2].first(steps);
            Tensor dDropped = activations[3].first(steps);
            Tensor dy = activations[4].first(steps);
            Tensor dx = activations[5].first(steps);
            Tensor some = ids.first(steps);
            backend.zero(gradients);
            backend.embed(w, some, mask, mask, x);
            lstm.load(weights, weightDrop);
            lstm.forward(x, states[0], states[1], y, states[2], states[3], true);
            backend.lockedDropout(y, mask, dropped);
            decoder.load(w, b);
            decoder.lossAndGradients(dropped, some, stats, dDropped, dw, db);
            backend.regularize(regularization, y, mask, states[0], dDropped, dy, values, norms.first(steps));
            head(y, new Padding(some, 1, 0, 0, 0), mask, dDropped);
            lstm.backward(x, states[0], states[1], y, dy, null, null, dx, null, null, dWeights);
            backend.embedBackward(dx, some, mask, mask, 1, dw);
            backend.clip(gradients, segments, 0.4, clip);
            backend.adam(parameters, gradients, m, v, segments, rates, decays, true, 0.9, 0.99, 1e-8, 1, clip);
        }

        @Override
        public void close() {
            decoder.close();
            lstm.close();
            arena.close();
            backend.close();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"F32", "BF16"})
    void aWarmStepAllocatesNothingOfWeight(Precision precision) {
        if (isMissing(precision)) {
            return;
        }
        Mask mask = Mask.of(0.3f, new RandomKey(1, Purpose.HIDDEN_DROPOUT, 0, 1));
        Mask weightDrop = Mask.of(0.2f, new RandomKey(1, Purpose.WEIGHT_DROP, 0, 1));
        Regularization regularization =
                new Regularization(2, 1, 1, Regularization.ArOn.DROPPED, Regularization.NormForm.PAPER, true);
        try (Step step = new Step(precision)) {
            for (int steps = 1; steps <= STEPS; steps++) {
                step.run(steps, mask, weightDrop, regularization);
                step.run(steps, mask, weightDrop, regularization);
            }
            long taken = step.memory.taken();
            long nativeObjects = Pointer.totalCount();
            long heap = allocatedByBackendThreads();
            int repeats = 20;
            for (int k = 0; k < repeats; k++) {
                step.run(1 + k % STEPS, mask, weightDrop, regularization);
            }
            assertThat((allocatedByBackendThreads() - heap) / repeats).isLessThan(HEAP_BYTES_PER_STEP);
            assertThat(step.memory.taken()).isEqualTo(taken);
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(nativeObjects);
        }
    }

    private static boolean isMissing(Precision precision) {
        try (OneDnn dnn = new OneDnn(HostMemory.ofThisMachine())) {
            return precision == Precision.BF16 && !dnn.multiplies(OneDnn.BF16);
        }
    }

    private static long allocatedByBackendThreads() {
        ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
        long[] backendThreads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread ->
                        thread == Thread.currentThread() || thread.getName().startsWith("tarn-cpu-"))
                .mapToLong(Thread::getId)
                .toArray();
        return Arrays.stream(threads.getThreadAllocatedBytes(backendThreads)).sum();
    }

    @Test
    void closingGivesEverythingBackWithoutTheGarbageCollector() {
        Mask none = Mask.NONE;
        long before = 0;
        for (int round = 0; round < 5; round++) {
            HostMemory memory;
            try (Step step = new Step(Precision.F32)) {
                memory = step.memory;
                step.run(STEPS, none, none, Regularization.NONE);
                step.run(2, none, none, Regularization.NONE);
            }
            assertThat(memory.taken()).isZero();
            if (round == 1) {
                before = Pointer.totalCount();
            }
        }
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }
}
