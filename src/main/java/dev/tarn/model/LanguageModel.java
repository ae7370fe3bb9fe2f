package dev.tarn.model;

import dev.tarn.OutOfDeviceMemoryException;
import dev.tarn.backend.Backend;
import dev.tarn.checkpoint.FastaiNames;
import dev.tarn.nn.Parameter;
import dev.tarn.nn.ParameterStore;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An AWD-LSTM language model: its parameters under fastai's names, and the workspaces that run it.
 *
 * <p>Layer groups are fastai's: one for each LSTM layer, then embedding and decoder together in the last. Freezing up to
 * a group therefore leaves the embedding training as long as anything does.
 *
 * <p>Ownership: the parameters, freed by {@link #close} after all workspaces; the backend stays the caller's.
 * Thread-safety: none.
 */
public final class LanguageModel implements TrainableModel {

    private static final String PREFIX = FastaiNames.LANGUAGE_MODEL;

    /** Name of the embedding table [V,E]. */
    public static final String ENCODER = EncoderParameters.tableName(PREFIX);

    /** Name of an untied decoder matrix [V,E]. */
    public static final String DECODER = "1.decoder.weight";

    /** Name of the decoder bias [V]. */
    public static final String DECODER_BIAS = "1.decoder.bias";

    private final Backend backend;
    private final AwdLstmConfig config;
    private final ParameterStore parameters;
    private final EncoderParameters encoder;

    /**
     * Allocates and initialises the parameters.
     *
     * @param seed of the initial weights
     * @throws OutOfDeviceMemoryException if the parameters do not fit
     */
    public LanguageModel(Backend backend, AwdLstmConfig config, long seed) {
        this.backend = backend;
        this.config = config;
        parameters = declare(config).build(backend);
        encoder = new EncoderParameters(parameters, PREFIX);
        for (int index = 0; index < parameters.all().size(); index++) {
            Parameter parameter = parameters.all().get(index);
            if (parameter.name().equals(DECODER)) {
                Initialisation.uniform(backend, parameter, EncoderParameters.TABLE_BOUND, seed, index);
            } else if (!parameter.name().equals(DECODER_BIAS)) {
                Initialisation.uniform(backend, parameter, encoder.bound(parameter, config), seed, index);
            }
        }
        parameters.changed();
    }

    /** fastai's name of an LSTM tensor: {@code suffix} is {@code "weight_hh_l0_raw"}, {@code "module.bias_ih_l0"}, .... */
    public static String lstmName(int layer, String suffix) {
        return EncoderParameters.lstmName(PREFIX, layer, suffix);
    }

    private static ParameterStore.Builder declare(AwdLstmConfig config) {
        ParameterStore.Builder builder = ParameterStore.builder();
        for (int layer = 0; layer < config.nLayers(); layer++) {
            EncoderParameters.declareLayer(builder, PREFIX, config, layer, layer);
        }
        int last = config.nLayers();
        EncoderParameters.declareTable(builder, PREFIX, config, last);
        if (!config.tieWeights()) {
            builder.add(DECODER, last, config.vocab(), config.embSz());
        }
        if (config.outBias()) {
            builder.add(DECODER_BIAS, last, config.vocab());
        }
        return builder;
    }

    /** How many trainable numbers a model has: 44,333,280 for fastai's sizes and 60,000 words. */
    public static long parameterCount(AwdLstmConfig config) {
        return declare(config).count();
    }

    public AwdLstmConfig config() {
        return config;
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public ParameterStore parameters() {
        return parameters;
    }

    /**
     * Buffers and plans for training and evaluating windows of {@code batch} streams and up to {@code maxSteps} steps.
     *
     * @throws OutOfDeviceMemoryException if they do not fit; the message says how much they need
     */
    public LmWorkspace workspace(int batch, int maxSteps) {
        return workspace(batch, maxSteps, true);
    }

    /** As {@link #workspace(int, int)} without what only training needs: for validation and generation. */
    public LmWorkspace evaluationWorkspace(int batch, int maxSteps) {
        return workspace(batch, maxSteps, false);
    }

    private LmWorkspace workspace(int batch, int maxSteps, boolean training) {
        try {
            return new LmWorkspace(this, batch, maxSteps, training);
        } catch (OutOfDeviceMemoryException e) {
            throw new OutOfDeviceMemoryException(
                    String.format(
                            Locale.ROOT,
                            "Windows of up to %d steps with --bs %d do not fit on %s: their activations alone take %s, half of that "
                                    + "with --bs %d (%s).",
                            maxSteps,
                            batch,
                            backend.info().device(),
                            mebibytes(LmWorkspace.activationBytes(config, batch, maxSteps, training)),
                            Math.max(1, batch / 2),
                            e.getMessage()),
                    e);
        }
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.0f MiB", bytes / (double) (1 << 20));
    }

    EncoderParameters encoder() {
        return encoder;
    }

    Parameter decoderWeight() {
        return config.tieWeights() ? encoder.table() : parameters.get(DECODER);
    }

    @Nullable
    Parameter decoderBias() {
        return config.outBias() ? parameters.get(DECODER_BIAS) : null;
    }

    @Override
    public void close() {
        parameters.close();
    }
}
