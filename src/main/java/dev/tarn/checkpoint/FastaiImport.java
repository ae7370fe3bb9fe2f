package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The weights of a file that fastai v1 saved, each once and under the name that {@link Pretrained} keeps it by.
 *
 * <p>Taken are files of {@code save_encoder}, and of {@code save} with and without the optimizer, of language models and
 * classifiers (of early versions too, which have no {@code module.} before a classifier's encoder). Left out are the
 * optimizer's state, tensors that PyTorch's modules hold twice (see {@link FastaiNames#aliases}), and a decoder matrix
 * that equals the embedding table, as a tied one does. A name beyond these is refused, so nothing that matters is lost
 * silently.
 *
 * @param part what the file holds
 * @param weights to be written; values are read from the file when their turn comes
 * @param hasOptimizer whether there was an optimizer, which was left out
 */
public record FastaiImport(Pretrained.Part part, List<TensorEntry> weights, boolean hasOptimizer) {

    private static final String HEAD = "1.layers.";
    private static final String OPTIMIZER = "opt.";

    /**
     * Looks through a file; {@code source} must stay open until the weights are written.
     *
     * @throws CheckpointException if it holds no AWD-LSTM, or a tensor that has no place in one
     */
    public static FastaiImport of(TensorSource source) {
        String root = rootOf(source);
        Set<String> names = new HashSet<>();
        for (String name : source.names()) {
            if (name.startsWith(root)) {
                names.add(name.substring(root.length()));
            } else if (!name.startsWith(OPTIMIZER)) {
                refuseOthers(source, List.of(name));
            }
        }
        String prefix = FastaiNames.prefix(names);
        if (prefix == null) {
            throw new CheckpointException(source.file() + " holds no encoder of fastai's AWD_LSTM: none of its "
                    + source.names().size() + " tensors is called " + FastaiNames.EMBEDDING + ", "
                    + FastaiNames.LANGUAGE_MODEL + FastaiNames.EMBEDDING + " or " + FastaiNames.CLASSIFIER
                    + FastaiNames.EMBEDDING + ".");
        }
        EncoderSizes sizes =
                EncoderSizes.of(source.file().toString(), names, name -> source.shape(root + name), prefix);
        boolean hasHead = names.stream().anyMatch(name -> name.startsWith(HEAD));
        Pretrained.Part part = prefix.isEmpty()
                ? Pretrained.Part.ENCODER
                : hasHead ? Pretrained.Part.CLASSIFIER : Pretrained.Part.LANGUAGE_MODEL;
        List<TensorEntry> weights = new ArrayList<>();
        List<String> encoder = FastaiNames.encoder(sizes.nLayers());
        for (String name : encoder) {
            weights.add(entry(source, root + prefix + name, part.prefix() + name));
            names.remove(prefix + name);
        }
        names.removeAll(FastaiNames.aliases(prefix, sizes.nLayers()).keySet());
        for (String name : source.names()) {
            String plain = name.startsWith(root) ? name.substring(root.length()) : "";
            if (names.contains(plain) && belongs(part, plain)) {
                names.remove(plain);
                if (!plain.equals(FastaiNames.DECODER)
                        || !isTied(source, root + prefix + FastaiNames.EMBEDDING, name, sizes)) {
                    weights.add(entry(source, name, plain));
                }
            }
        }
        refuseOthers(source, names);
        return new FastaiImport(part, weights, source.names().stream().anyMatch(name -> name.startsWith(OPTIMIZER)));
    }

    private static String rootOf(TensorSource source) {
        for (String prefix : List.of(FastaiNames.ENCODER, FastaiNames.LANGUAGE_MODEL, FastaiNames.CLASSIFIER)) {
            if (source.has(FastaiNames.SAVED_WITH_OPTIMIZER + prefix + FastaiNames.EMBEDDING)) {
                return FastaiNames.SAVED_WITH_OPTIMIZER;
            }
        }
        return "";
    }

    private static boolean belongs(Pretrained.Part part, String name) {
        return switch (part) {
            case ENCODER -> false;
            case LANGUAGE_MODEL -> name.equals(FastaiNames.DECODER) || name.equals(FastaiNames.DECODER_BIAS);
            case CLASSIFIER -> name.startsWith(HEAD);
        };
    }

    private static void refuseOthers(TensorSource source, Collection<String> names) {
        if (!names.isEmpty()) {
            throw new CheckpointException("Tensor "
                    + names.stream().sorted().findFirst().orElse("") + " of "
                    + source.file() + " has no place in a model of fastai's AWD_LSTM; QRNNs, bidirectional layers and"
                    + " other architectures cannot be read.");
        }
    }

    private static boolean isTied(TensorSource source, String table, String decoder, EncoderSizes sizes) {
        int[] shape = source.shape(decoder);
        if (!Arrays.equals(shape, new int[] {sizes.vocab(), sizes.embSz()})) {
            throw new CheckpointException("Tensor " + decoder + " of " + source.file() + " has shape "
                    + Arrays.toString(shape) + ", but with an embedding table of "
                    + Arrays.toString(source.shape(table)) + " it should have the same.");
        }
        return (source instanceof PthFile pth && pth.isAlias(table, decoder))
                || Arrays.equals(source.floats(table), source.floats(decoder));
    }

    private static TensorEntry entry(TensorSource source, String from, String to) {
        int[] shape = source.shape(from);
        return source.dtype(from).isInteger()
                ? new TensorEntry(to, DType.I64, shape, () -> LongBuffer.wrap(source.longs(from)))
                : TensorEntry.floats(to, shape, () -> source.floats(from));
    }
}
