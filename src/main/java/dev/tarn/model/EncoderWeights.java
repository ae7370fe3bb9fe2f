package dev.tarn.model;

import dev.tarn.CheckpointException;
import dev.tarn.checkpoint.EncoderSizes;
import dev.tarn.checkpoint.FastaiNames;
import dev.tarn.checkpoint.Pretrained;
import dev.tarn.checkpoint.TensorEntry;
import dev.tarn.checkpoint.TensorSource;
import dev.tarn.checkpoint.VocabConversion;
import dev.tarn.nn.Parameter;
import dev.tarn.nn.ParameterStore;
import dev.tarn.text.Vocab;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The encoder of any model that has one, on disk and back: {@code save_encoder} and {@code load_encoder}. Its tensors are
 * called the same in an encoder's own file, in a language model and in a classifier but for what stands before them, so a
 * prefix of {@link FastaiNames} is all that tells a model's kind.
 */
public final class EncoderWeights {

    private EncoderWeights() {}

    /**
     * Puts an encoder into a model, its embedding table converted to the model's vocabulary.
     *
     * @param store the model's parameters
     * @param prefix before the encoder's names in {@code store}
     * @param learned the vocabulary of {@code source}
     * @param wanted the vocabulary of the model
     * @param source any file with an encoder: its prefix is found
     * @throws CheckpointException if the sizes differ; the model is unchanged then
     */
    public static VocabConversion load(
            ParameterStore store, String prefix, Vocab learned, Vocab wanted, TensorSource source) {
        String from = Objects.requireNonNullElse(FastaiNames.prefix(source.names()), FastaiNames.ENCODER);
        String origin = source.file().toString();
        EncoderSizes sizes = EncoderSizes.of(origin, source.names(), source::shape, from);
        EncoderSizes model = sizes(store, prefix);
        sizes.requireFits(origin, model);
        if (learned.size() != sizes.vocab() || wanted.size() != model.vocab()) {
            throw new CheckpointException("The embedding table of " + origin + " has " + sizes.vocab()
                    + " rows and its vocabulary " + learned.size() + " tokens, that of the model " + model.vocab()
                    + " and " + wanted.size() + "; they do not belong together.");
        }
        VocabConversion conversion = VocabConversion.of(learned, wanted);
        for (String name : FastaiNames.encoder(sizes.nLayers())) {
            float[] values = source.floats(from + name);
            boolean isTable = name.equals(FastaiNames.EMBEDDING);
            store.set(prefix + name, isTable ? conversion.rows(values, sizes.embSz()) : values);
        }
        return conversion;
    }

    /**
     * As {@link #load(ParameterStore, String, Vocab, Vocab, TensorSource)}, from a pretrained folder or a run.
     *
     * @throws CheckpointException also if it has no vocabulary
     */
    public static VocabConversion load(ParameterStore store, String prefix, Vocab wanted, Pretrained from) {
        return load(store, prefix, from.requireVocab(), wanted, from.weights());
    }

    /**
     * Makes a pretrained folder of the encoder alone.
     *
     * @param prefix before the encoder's names in {@code store}
     * @param backwards whether the model reads its text from the end
     * @param origin where the weights come from, for people
     * @param folder does not exist
     * @throws CheckpointException if it exists or cannot be written
     */
    public static void save(
            ParameterStore store, String prefix, Vocab vocab, boolean backwards, String origin, Path folder) {
        List<TensorEntry> entries = new ArrayList<>();
        for (String name : FastaiNames.encoder(sizes(store, prefix).nLayers())) {
            entries.add(TensorEntry.floats(name, store.get(prefix + name).shape(), () -> store.floats(prefix + name)));
        }
        Pretrained.write(folder, new Pretrained.Contents(entries, vocab, backwards, origin));
    }

    private static EncoderSizes sizes(ParameterStore store, String prefix) {
        return EncoderSizes.of(
                "the model",
                store.all().stream().map(Parameter::name).collect(Collectors.toSet()),
                name -> store.get(name).shape(),
                prefix);
    }
}
