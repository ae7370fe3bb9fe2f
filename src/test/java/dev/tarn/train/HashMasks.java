package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.MaskSource;
import java.nio.charset.StandardCharsets;

/** The counter hash of golden case 14: initial weights and the dropout masks of every step from their names alone. */
final class HashMasks implements MaskSource {

    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private final Backend backend;
    private final AwdLstmConfig config;
    private final Tensor embedding;
    private final Tensor input;
    private final Tensor[] weight;
    private final Tensor[] hidden;
    private final Tensor output;

    HashMasks(Backend backend, Arena arena, AwdLstmConfig config, int batch) {
        this.backend = backend;
        this.config = config;
        embedding = arena.real("embedding mask", config.vocab());
        input = arena.real("input mask", batch, config.embSz());
        output = arena.real("output mask", batch, config.embSz());
        weight = new Tensor[config.nLayers()];
        hidden = new Tensor[config.nLayers()];
        for (int layer = 0; layer < weight.length; layer++) {
            int h = config.hiddenSize(layer);
            weight[layer] = arena.real("weight mask", 4 * h, h);
            hidden[layer] = arena.real("hidden mask", batch, h);
        }
    }

    /** Fills the masks of a training step. */
    HashMasks step(long step) {
        String prefix = "s" + step + ".mask.";
        fill(embedding, prefix + "embed", config.embedP());
        fill(input, prefix + "input", config.inputP());
        fill(output, prefix + "output", config.outputP());
        for (int layer = 0; layer < weight.length; layer++) {
            fill(weight[layer], prefix + "weight." + layer, config.weightP());
            if (layer < weight.length - 1) {
                fill(hidden[layer], prefix + "hidden." + layer, config.hiddenP());
            }
        }
        return this;
    }

    private void fill(Tensor mask, String name, double p) {
        float[] values = new float[Math.toIntExact(mask.size())];
        float kept = (float) (1 / (1 - p));
        long seed = fnv(name);
        for (int i = 0; i < values.length; i++) {
            values[i] = uniform(seed, i) >= p ? kept : 0;
        }
        backend.upload(values, mask);
    }

    /** The initial value of a parameter: uniform in ±scale. */
    static float[] initial(String name, int size, double scale) {
        float[] values = new float[size];
        long seed = fnv("init." + name);
        for (int i = 0; i < size; i++) {
            values[i] = (float) ((2 * uniform(seed, i) - 1) * scale);
        }
        return values;
    }

    static double uniform(long seed, long index) {
        return (splitmix(seed + index * GOLDEN_RATIO) >>> 40) * 0x1p-24;
    }

    private static long splitmix(long x) {
        long z = x + GOLDEN_RATIO;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    static long fnv(String name) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001B3L;
        }
        return hash;
    }

    @Override
    public Mask embedding() {
        return new Mask.Given(embedding);
    }

    @Override
    public Mask input() {
        return new Mask.Given(input);
    }

    @Override
    public Mask weight(int layer) {
        return new Mask.Given(weight[layer]);
    }

    @Override
    public Mask hidden(int layer) {
        return new Mask.Given(hidden[layer]);
    }

    @Override
    public Mask output() {
        return new Mask.Given(output);
    }
}
