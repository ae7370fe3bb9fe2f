package dev.tarn.checkpoint;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What fastai v1 calls the tensors of an AWD-LSTM, alone and within the models that hold one. The encoder's names are the
 * same everywhere but for a prefix: {@link #ENCODER}, {@link #LANGUAGE_MODEL} or {@link #CLASSIFIER}.
 */
public final class FastaiNames {

    /** Before the encoder's names in a file of {@code save_encoder}: nothing. */
    public static final String ENCODER = "";

    /** Before the encoder's names in a language model. */
    public static final String LANGUAGE_MODEL = "0.";

    /** Before the encoder's names in a text classifier. */
    public static final String CLASSIFIER = "0.module.";

    /** The embedding table [V,E]. */
    public static final String EMBEDDING = "encoder.weight";

    /** An untied decoder matrix [V,E] of a language model. */
    public static final String DECODER = "1.decoder.weight";

    /** The decoder bias [V] of a language model. */
    public static final String DECODER_BIAS = "1.decoder.bias";

    /** The most LSTM layers that are looked for, as many as a configuration may ask for. */
    static final int MAX_LAYERS = 64;

    /** What {@code learn.save} puts before the names of a model that it saves with its optimizer. */
    static final String SAVED_WITH_OPTIMIZER = "model.";

    private static final String RAW = "weight_hh_l0_raw";
    private static final String DROPPED = "module.weight_hh_l0";
    private static final String EMBEDDING_ALIAS = "encoder_dp.emb.weight";
    private static final List<String> LSTM =
            List.of(RAW, "module.weight_ih_l0", "module.bias_ih_l0", "module.bias_hh_l0");

    private FastaiNames() {}

    /** The recurrent weights [4H,H] of a layer, before any are dropped. */
    public static String recurrent(int layer) {
        return lstm(layer, RAW);
    }

    /** The input weights [4H,I] of a layer. */
    public static String input(int layer) {
        return lstm(layer, LSTM.get(1));
    }

    /** The input bias [4H] of a layer. */
    public static String inputBias(int layer) {
        return lstm(layer, LSTM.get(2));
    }

    /** The recurrent bias [4H] of a layer. */
    public static String recurrentBias(int layer) {
        return lstm(layer, LSTM.get(3));
    }

    /** The names of an encoder's tensors without a prefix: the embedding, then four for each layer. */
    public static List<String> encoder(int layers) {
        List<String> names = new ArrayList<>();
        names.add(EMBEDDING);
        for (int layer = 0; layer < layers; layer++) {
            for (String suffix : LSTM) {
                names.add(lstm(layer, suffix));
            }
        }
        return names;
    }

    /** How many LSTM layers a set of names has under a prefix, counted from the first on; at most {@link #MAX_LAYERS}. */
    public static int layers(Collection<String> names, String prefix) {
        int layers = 0;
        while (layers < MAX_LAYERS && names.contains(prefix + recurrent(layers))) {
            layers++;
        }
        return layers;
    }

    /** The prefix under which a set of names has an encoder, or null if it has none. */
    public static @Nullable String prefix(Collection<String> names) {
        for (String prefix : List.of(ENCODER, LANGUAGE_MODEL, CLASSIFIER)) {
            if (names.contains(prefix + EMBEDDING)) {
                return prefix;
            }
        }
        return null;
    }

    /**
     * Names that fastai's state dict has beside those of {@link #encoder}, each with the one that it repeats: PyTorch's
     * modules hold some tensors twice. {@code module.weight_hh_l0} is what the last forward left of the recurrent weights,
     * in training with some of them dropped; {@code weight_hh_l0_raw} is what was learned.
     */
    public static Map<String, String> aliases(String prefix, int layers) {
        Map<String, String> aliases = new LinkedHashMap<>();
        aliases.put(prefix + EMBEDDING_ALIAS, prefix + EMBEDDING);
        for (int layer = 0; layer < layers; layer++) {
            aliases.put(prefix + lstm(layer, DROPPED), prefix + recurrent(layer));
        }
        return aliases;
    }

    private static String lstm(int layer, String suffix) {
        return "rnns." + layer + '.' + suffix;
    }
}
