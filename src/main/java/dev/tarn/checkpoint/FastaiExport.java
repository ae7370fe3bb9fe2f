package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Weights as a safetensors file with every name of fastai's own state dict in its order, those that PyTorch's modules hold
 * twice included, so that {@code load_state_dict} takes it as it is.
 */
public final class FastaiExport {

    private FastaiExport() {}

    /**
     * Writes a file, whole or not at all.
     *
     * @param encoderOnly whether only the encoder goes into it, with names as {@code save_encoder} has them
     * @throws CheckpointException if it cannot be written
     */
    public static void write(Pretrained source, boolean encoderOnly, Path file) {
        String prefix = source.part().prefix();
        String to = encoderOnly ? FastaiNames.ENCODER : prefix;
        SafeTensorsFile weights = source.weights();
        List<TensorEntry> entries = new ArrayList<>();
        add(entries, weights, FastaiNames.EMBEDDING, prefix, to);
        Map<String, String> aliases = FastaiNames.aliases("", source.sizes().nLayers());
        addAlias(entries, weights, aliases, FastaiNames.EMBEDDING, prefix, to);
        for (int layer = 0; layer < source.sizes().nLayers(); layer++) {
            add(entries, weights, FastaiNames.recurrent(layer), prefix, to);
            add(entries, weights, FastaiNames.input(layer), prefix, to);
            addAlias(entries, weights, aliases, FastaiNames.recurrent(layer), prefix, to);
            add(entries, weights, FastaiNames.inputBias(layer), prefix, to);
            add(entries, weights, FastaiNames.recurrentBias(layer), prefix, to);
        }
        if (!encoderOnly) {
            if (source.part() == Pretrained.Part.LANGUAGE_MODEL) {
                boolean isTied = !weights.has(FastaiNames.DECODER);
                entries.add(entry(
                        weights, isTied ? prefix + FastaiNames.EMBEDDING : FastaiNames.DECODER, FastaiNames.DECODER));
            }
            for (String name : weights.names()) {
                if (!name.startsWith(prefix) && !name.equals(FastaiNames.DECODER)) {
                    entries.add(entry(weights, name, name));
                }
            }
        }
        SafeTensors.write(
                file,
                entries,
                Map.of("format", "pt", "origin", source.origin(), "backwards", Boolean.toString(source.backwards())));
    }

    private static void add(List<TensorEntry> entries, SafeTensorsFile weights, String name, String prefix, String to) {
        entries.add(entry(weights, prefix + name, to + name));
    }

    private static void addAlias(
            List<TensorEntry> entries,
            SafeTensorsFile weights,
            Map<String, String> aliases,
            String repeated,
            String prefix,
            String to) {
        aliases.forEach((alias, name) -> {
            if (name.equals(repeated)) {
                entries.add(entry(weights, prefix + name, to + alias));
            }
        });
    }

    private static TensorEntry entry(SafeTensorsFile weights, String from, String to) {
        int[] shape = weights.shape(from);
        return weights.dtype(from).isInteger()
                ? new TensorEntry(to, DType.I64, shape, () -> LongBuffer.wrap(weights.longs(from)))
                : TensorEntry.floats(to, shape, () -> weights.floats(from));
    }
}
