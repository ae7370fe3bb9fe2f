package dev.tarn.backend.cpu;

import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * An operation of oneDNN cut into parts that run side by side, at least one for each hand of a {@link Team}. Its operands
 * are addressed as wholes: each part knows where in them its own begins. Set where the operands are, then run; neither
 * allocates.
 */
final class Split {

    /** The weights of parts that are packed follow each other at multiples of this, a cache line. */
    private static final long ALIGNMENT = 64;

    private final Workers workers;
    private final Part[][] byHand;
    private final long packedBytes;
    private final Workers.Body body = this::runHands;

    private long source;
    private long weights;
    private long bias;
    private long scale;
    private long target;

    /**
     * One kernel and, in bytes from where the operands start, where its part of them does. Of a product with packed
     * weights, also which of their columns it has.
     */
    static final class Part {

        private final Kernel kernel;
        private final int first;
        private final int count;
        private long source;
        private long weights;
        private long bias;
        private long target;

        private Part(Kernel kernel, int first, int count) {
            this.kernel = kernel;
            this.first = first;
            this.count = count;
        }

        static Part of(Kernel kernel) {
            return new Part(kernel, 0, 0);
        }

        /** A product by these columns of weights, which are packed: the split says where they start. */
        static Part packed(Kernel kernel, int first, int count) {
            return new Part(kernel, first, count);
        }

        private boolean isPacked() {
            return count > 0;
        }

        Part source(long bytes) {
            source = bytes;
            return this;
        }

        Part weights(long bytes) {
            weights = bytes;
            return this;
        }

        Part bias(long bytes) {
            bias = bytes;
            return this;
        }

        Part target(long bytes) {
            target = bytes;
            return this;
        }
    }

    /** Makes the part of one hand. */
    interface Maker {
        Part make(int hand, OneDnn dnn, int first, int count);
    }

    /** @param byHand the parts of each hand, in the order in which they run */
    Split(Team team, Part[][] byHand) {
        workers = team.workers();
        this.byHand = byHand;
        long bytes = 0;
        for (Part[] parts : byHand) {
            for (Part part : parts) {
                if (part.isPacked()) {
                    part.weights = bytes;
                    long size = part.kernel.layout(Kernel.WEIGHTS).get_size();
                    bytes += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
                }
            }
        }
        packedBytes = bytes;
    }

    /** One part for each of these ranges. */
    static Split over(Team team, Ranges ranges, Maker maker) {
        Part[][] parts = new Part[ranges.parts()][];
        for (int hand = 0; hand < parts.length; hand++) {
            parts[hand] = new Part[] {maker.make(hand, team.dnn(hand), ranges.from(hand), ranges.count(hand))};
        }
        return new Split(team, parts);
    }

    /**
     * {@code source [rows,k] · weights [k,n] (+ bias)}; the weights are packed, their columns shared out.
     *
     * @param like a product by the same packed weights, or null for one that chooses their layout
     */
    static Split product(
            Team team,
            Owned owned,
            memory.data_type type,
            int rows,
            int k,
            int n,
            boolean hasBias,
            @Nullable Split like) {
        return over(team, team.cut(n, Ranges.VECTOR), (hand, dnn, first, count) -> {
            Kernel kernel = dnn.matmul(
                    owned,
                    OneDnn.matrix(owned, type, rows, k),
                    like == null ? OneDnn.any(owned, type, k, count) : like.weightLayout(hand),
                    hasBias ? OneDnn.matrix(owned, OneDnn.F32, 1, count) : null,
                    OneDnn.matrix(owned, OneDnn.F32, rows, count, n),
                    OneDnn.Epilogue.NONE);
            long start = (long) first * Float.BYTES;
            return Part.packed(kernel, first, count).bias(start).target(start);
        });
    }

    /** Copies that lay out the packed weights of {@code product} from a matrix [k,n], all of which start in {@code type}. */
    static Split packing(
            Team team, Owned owned, Split product, memory.data_type type, long k, long n, boolean isTransposed) {
        return layoutCopies(team, owned, product, type, k, n, isTransposed, true);
    }

    /** The copies of {@link #packing} the other way round. */
    static Split unpacking(
            Team team, Owned owned, Split product, memory.data_type type, long k, long n, boolean isTransposed) {
        return layoutCopies(team, owned, product, type, k, n, isTransposed, false);
    }

    private static Split layoutCopies(
            Team team,
            Owned owned,
            Split product,
            memory.data_type type,
            long k,
            long n,
            boolean isTransposed,
            boolean packs) {
        Part[][] parts = new Part[product.byHand.length][];
        for (int hand = 0; hand < parts.length; hand++) {
            Part[] users = product.byHand[hand];
            parts[hand] = new Part[users.length];
            for (int i = 0; i < users.length; i++) {
                Part user = users[i];
                memory.desc plain = isTransposed
                        ? OneDnn.transposed(owned, type, k, user.count, k)
                        : OneDnn.matrix(owned, type, k, user.count, n);
                memory.desc packed = user.kernel.layout(Kernel.WEIGHTS);
                long plainStart = (isTransposed ? k : 1) * user.first * bytes(type);
                OneDnn dnn = team.dnn(hand);
                parts[hand][i] = packs
                        ? Part.of(dnn.copy(owned, plain, packed))
                                .source(plainStart)
                                .target(user.weights)
                        : Part.of(dnn.copy(owned, packed, plain))
                                .source(user.weights)
                                .target(plainStart);
            }
        }
        return new Split(team, parts);
    }

    /** Copies of a dense matrix from one type to another, the rows shared out. */
    static Split copyRows(Team team, Owned owned, memory.data_type from, memory.data_type to, int rows, int columns) {
        return over(team, team.cut(rows, 1), (hand, dnn, first, count) -> {
            Kernel copy = dnn.copy(
                    owned, OneDnn.matrix(owned, from, count, columns), OneDnn.matrix(owned, to, count, columns));
            return Part.of(copy)
                    .source((long) first * columns * bytes(from))
                    .target((long) first * columns * bytes(to));
        });
    }

    private static int bytes(memory.data_type type) {
        return type.value == OneDnn.BF16.value ? Short.BYTES : Float.BYTES;
    }

    /** What the packed weights of all parts take. */
    long packedBytes() {
        return packedBytes;
    }

    /** The layout of the weights of a hand's first part. */
    memory.desc weightLayout(int hand) {
        return byHand[hand][0].kernel.layout(Kernel.WEIGHTS);
    }

    Split bias(long address) {
        bias = address;
        return this;
    }

    Split scale(long address) {
        scale = address;
        return this;
    }

    Split at(long sourceAddress, long weightsAddress, long targetAddress) {
        source = sourceAddress;
        weights = weightsAddress;
        target = targetAddress;
        return this;
    }

    void run(long sourceAddress, long weightsAddress, long targetAddress) {
        at(sourceAddress, weightsAddress, targetAddress);
        workers.run(byHand.length, 1, body);
    }

    void run(long sourceAddress, long targetAddress) {
        run(sourceAddress, 0, targetAddress);
    }

    private void runHands(int worker, int from, int to) {
        for (int hand = from; hand < to; hand++) {
            runOn(hand);
        }
    }

    /** Runs the parts of one hand, on its thread. */
    void runOn(int hand) {
        for (Part part : byHand[hand]) {
            Kernel kernel = part.kernel;
            kernel.at(Kernel.SOURCE, source + part.source).at(Kernel.TARGET, target + part.target);
            if (weights != 0) {
                kernel.at(Kernel.WEIGHTS, weights + part.weights);
            }
            if (bias != 0) {
                kernel.at(Kernel.BIAS, bias + part.bias);
            }
            if (scale != 0) {
                kernel.at(Kernel.SCALE, scale);
            }
            kernel.run();
        }
    }
}
