package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/**
 * The sizes of an AWD-LSTM encoder, read off the shapes of its tensors.
 *
 * @param vocab V, rows of the embedding table
 * @param embSz E, the size of an embedding and of the last layer
 * @param nHid H, the size of the layers before the last; with a single layer, where there are none, {@code embSz}
 * @param nLayers L
 */
public record EncoderSizes(int vocab, int embSz, int nHid, int nLayers) {

    /**
     * Reads the sizes and checks that every tensor of the encoder is there in the shape that they give it.
     *
     * @param origin names the file in messages
     * @param shapes gives the shape of each of {@code names}
     * @throws CheckpointException which names the tensor that is missing or in the way, and both shapes
     */
    public static EncoderSizes of(
            String origin, Collection<String> names, Function<String, int[]> shapes, String prefix) {
        int layers = FastaiNames.layers(names, prefix);
        if (layers == 0 || !names.contains(prefix + FastaiNames.EMBEDDING)) {
            throw new CheckpointException(origin + " holds no AWD-LSTM: it lacks "
                    + (layers == 0 ? prefix + FastaiNames.recurrent(0) : prefix + FastaiNames.EMBEDDING)
                    + "; only models of fastai's AWD_LSTM can be read.");
        }
        int[] table = shapes.apply(prefix + FastaiNames.EMBEDDING);
        int[] first = shapes.apply(prefix + FastaiNames.recurrent(0));
        if (table.length != 2 || first.length != 2) {
            throw new CheckpointException(origin + " holds no AWD-LSTM: " + prefix + FastaiNames.EMBEDDING
                    + " has shape " + Arrays.toString(table) + " and " + prefix + FastaiNames.recurrent(0) + " "
                    + Arrays.toString(first) + ", which are no matrices.");
        }
        EncoderSizes sizes = new EncoderSizes(table[0], table[1], first[1], layers);
        for (String name : FastaiNames.encoder(layers)) {
            if (!names.contains(prefix + name)) {
                throw new CheckpointException(origin + " lacks " + prefix + name + " of an AWD-LSTM with " + layers
                        + " layers; it is damaged or of another kind.");
            }
            int[] found = shapes.apply(prefix + name);
            if (!Arrays.equals(found, sizes.shape(name))) {
                throw new CheckpointException("Tensor " + prefix + name + " of " + origin + " has shape "
                        + Arrays.toString(found) + ", but with the other tensors it should have "
                        + Arrays.toString(sizes.shape(name)) + "; it is damaged or of another kind.");
            }
        }
        return sizes;
    }

    /** The shape of a tensor of the encoder, by its name without a prefix. */
    int[] shape(String name) {
        if (name.equals(FastaiNames.EMBEDDING)) {
            return new int[] {vocab, embSz};
        }
        for (int layer = 0; layer < nLayers; layer++) {
            int hidden = layer == nLayers - 1 ? embSz : nHid;
            if (name.equals(FastaiNames.recurrent(layer))) {
                return new int[] {4 * hidden, hidden};
            }
            if (name.equals(FastaiNames.input(layer))) {
                return new int[] {4 * hidden, layer == 0 ? embSz : nHid};
            }
            if (name.equals(FastaiNames.inputBias(layer)) || name.equals(FastaiNames.recurrentBias(layer))) {
                return new int[] {4 * hidden};
            }
        }
        throw new IllegalArgumentException(name + " is no tensor of an encoder with " + nLayers + " layers");
    }

    /**
     * Refuses to put weights of these sizes into a model of others; the vocabularies may differ.
     *
     * @param origin names the file in messages
     * @throws CheckpointException which names the first tensor that does not fit, both shapes, and what to change
     */
    public void requireFits(String origin, EncoderSizes model) {
        List<String> differences = new ArrayList<>();
        List<String> flags = new ArrayList<>();
        compare("emb_sz", "--emb-sz", embSz, model.embSz, differences, flags);
        if (nLayers > 1 || model.nLayers > 1) {
            compare("n_hid", "--n-hid", nHid, model.nHid, differences, flags);
        }
        compare("n_layers", "--n-layers", nLayers, model.nLayers, differences, flags);
        if (!differences.isEmpty()) {
            throw new CheckpointException(firstMismatch(origin, model) + ": " + String.join(", ", differences)
                    + "; pass " + String.join(" ", flags) + ".");
        }
    }

    private static void compare(
            String name, String flag, int file, int model, List<String> differences, List<String> flags) {
        if (file != model) {
            differences.add("the file has " + name + ' ' + file + ", the model " + model);
            flags.add(flag + ' ' + file);
        }
    }

    private String firstMismatch(String origin, EncoderSizes model) {
        for (String name : FastaiNames.encoder(Math.min(nLayers, model.nLayers))) {
            int[] found = shape(name);
            int[] wanted = model.shape(name);
            boolean isTable = name.equals(FastaiNames.EMBEDDING);
            if (isTable ? found[1] != wanted[1] : !Arrays.equals(found, wanted)) {
                return "Tensor " + name + " of " + origin + " has shape " + Arrays.toString(found)
                        + ", the model needs " + Arrays.toString(wanted);
            }
        }
        String extra = FastaiNames.recurrent(Math.min(nLayers, model.nLayers));
        return "Tensor " + extra
                + (nLayers > model.nLayers
                        ? " of " + origin + " has no place in the model"
                        : " is missing in " + origin);
    }
}
