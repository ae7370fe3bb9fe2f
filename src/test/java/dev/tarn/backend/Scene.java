package dev.tarn.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of one case on one backend. The same generator seed gives the same numbers on every backend. Each tensor is
 * a view somewhere inside a longer one whose rest is NaN, and outputs start as NaN: a read outside a tensor, or of an
 * output, shows in the results, and {@link #results} finds writes outside and changed inputs.
 */
final class Scene implements AutoCloseable {

    /** Where views start: parameters are views of one flat tensor, so no alignment can be relied upon. */
    private static final int[] OFFSETS = {0, 1, 3, 16};

    private static final int AFTER = 5;

    /** What ids are before an operation writes them, as NaN is for numbers. */
    private static final int NOT_WRITTEN = Integer.MIN_VALUE;

    /** Which mask a case uses. */
    enum MaskKind {
        NONE,
        DRAWN,
        GIVEN
    }

    private static final class Placed {
        final String name;
        final Tensor whole;
        final int offset;
        final int size;
        final float[] values;
        final boolean isInput;
        final boolean isResult;

        Placed(String name, Tensor whole, int offset, int size, float[] values, boolean isInput, boolean isResult) {
            this.name = name;
            this.whole = whole;
            this.offset = offset;
            this.size = size;
            this.values = values;
            this.isInput = isInput;
            this.isResult = isResult;
        }
    }

    private record PlacedIds(String name, Tensor whole, int offset, int size) {}

    private final Map<String, Double> began = new LinkedHashMap<>();
    private final Backend backend;
    private final Random random;
    private final Arena arena;
    private final List<Placed> placed = new ArrayList<>();
    private final List<PlacedIds> placedIds = new ArrayList<>();

    Scene(Backend backend, Random random) {
        this.backend = backend;
        this.random = random;
        this.arena = backend.arena("scene");
    }

    Backend backend() {
        return backend;
    }

    Random random() {
        return random;
    }

    /** Normal numbers that the operation must leave alone. */
    Tensor input(String name, double deviation, int... shape) {
        return place(name, normal(deviation, shape), true, false, shape);
    }

    /** Chosen numbers that the operation must leave alone. */
    Tensor input(String name, float[] values, int... shape) {
        return place(name, values, true, false, shape);
    }

    /** Normal numbers that the operation may overwrite with anything. */
    Tensor overwritable(String name, double deviation, int... shape) {
        return place(name, normal(deviation, shape), false, false, shape);
    }

    /** A result that the operation writes without reading it. */
    Tensor output(String name, int... shape) {
        float[] values = new float[(int) Shapes.size(shape)];
        Arrays.fill(values, Float.NaN);
        return place(name, values, false, true, shape);
    }

    /** A result that the operation adds to or changes, from normal numbers on. */
    Tensor changed(String name, double deviation, int... shape) {
        return changed(name, normal(deviation, shape), shape);
    }

    /** As {@link #changed(String, double, int...)}, from chosen numbers on. */
    Tensor changed(String name, float[] values, int... shape) {
        double largest = 0;
        for (float value : values) {
            largest = Float.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
        }
        began.put(name, largest);
        return place(name, values, false, true, shape);
    }

    /** The largest number that each {@link #changed} result began with. */
    Map<String, Double> began() {
        return began;
    }

    /** Ids below {@code bound}. */
    Tensor ids(int bound, int... shape) {
        int[] values = random.ints(Shapes.size(shape), 0, bound).toArray();
        return ids(values, shape);
    }

    /** Chosen ids. */
    Tensor ids(int[] values, int... shape) {
        Tensor ids = arena.ids("ids", shape);
        backend.upload(values, ids);
        return ids;
    }

    /** Ids that the operation writes without reading them. */
    Tensor idsOutput(String name, int... shape) {
        int offset = OFFSETS[random.nextInt(OFFSETS.length)];
        int size = (int) Shapes.size(shape);
        int[] values = new int[offset + size + AFTER];
        Arrays.fill(values, NOT_WRITTEN);
        Tensor whole = arena.ids(name, values.length);
        backend.upload(values, whole);
        placedIds.add(new PlacedIds(name, whole, offset, size));
        return whole.view(offset, shape);
    }

    /** A mask that drops 0.4 of {@code elements}. */
    Mask mask(MaskKind kind, int elements) {
        return switch (kind) {
            case NONE -> Mask.NONE;
            case DRAWN ->
                Mask.of(0.4f, new RandomKey(random.nextLong(), RandomKey.Purpose.HIDDEN_DROPOUT, 2, random.nextLong()));
            case GIVEN -> {
                float[] values = new float[elements];
                for (int i = 0; i < elements; i++) {
                    values[i] = random.nextFloat() < 0.4f ? 0 : 1 / 0.6f;
                }
                yield new Mask.Given(input("mask", values, elements));
            }
        };
    }

    float[] normal(double deviation, int... shape) {
        float[] values = new float[(int) Shapes.size(shape)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }

    private Tensor place(String name, float[] values, boolean isInput, boolean isResult, int... shape) {
        int offset = OFFSETS[random.nextInt(OFFSETS.length)];
        float[] padded = new float[offset + values.length + AFTER];
        Arrays.fill(padded, Float.NaN);
        System.arraycopy(values, 0, padded, offset, values.length);
        Tensor whole = arena.real(name, padded.length);
        backend.upload(padded, whole);
        placed.add(new Placed(name, whole, offset, values.length, values.clone(), isInput, isResult));
        return whole.view(offset, shape);
    }

    /** Every result by name, after checking that nothing else was written. */
    Map<String, double[]> results() {
        Map<String, double[]> results = new LinkedHashMap<>();
        for (Placed tensor : placed) {
            double[] all = new double[(int) tensor.whole.size()];
            backend.download(tensor.whole, all);
            for (int i = 0; i < all.length; i++) {
                if (i < tensor.offset || i >= tensor.offset + tensor.size) {
                    assertThat(all[i])
                            .as("element %d, outside %s", i - tensor.offset, tensor.name)
                            .isNaN();
                } else if (tensor.isInput) {
                    assertThat(all[i])
                            .as("element %d of the input %s", i - tensor.offset, tensor.name)
                            .isEqualTo(tensor.values[i - tensor.offset]);
                }
            }
            if (tensor.isResult) {
                double @Nullable [] earlier =
                        results.put(tensor.name, Arrays.copyOfRange(all, tensor.offset, tensor.offset + tensor.size));
                assertThat(earlier).as("a second result called %s", tensor.name).isNull();
            }
        }
        for (PlacedIds ids : placedIds) {
            int[] all = new int[(int) ids.whole.size()];
            backend.download(ids.whole, all);
            double[] inside = new double[ids.size];
            for (int i = 0; i < all.length; i++) {
                int at = i - ids.offset;
                if (at < 0 || at >= ids.size) {
                    assertThat(all[i])
                            .as("element %d, outside %s", at, ids.name)
                            .isEqualTo(NOT_WRITTEN);
                } else {
                    inside[at] = all[i];
                }
            }
            results.put(ids.name, inside);
        }
        return results;
    }

    @Override
    public void close() {
        arena.close();
    }
}
