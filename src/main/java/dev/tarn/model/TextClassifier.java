package dev.tarn.model;

import dev.tarn.ConfigException;
import dev.tarn.OutOfDeviceMemoryException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Tensor;
import dev.tarn.checkpoint.FastaiNames;
import dev.tarn.nn.Buffer;
import dev.tarn.nn.Parameter;
import dev.tarn.nn.ParameterStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * An ULMFiT text classifier (Howard &amp; Ruder 2018): parameters and running statistics under fastai's names, and the
 * workspaces that run it.
 *
 * <p>Layer groups are fastai's: the embedding, one for each LSTM layer, the head; five for three layers. Weights start as
 * fastai's do: embedding and LSTM layers as those of a {@link LanguageModel}, linear layers U(-1/√I, 1/√I) with I what they
 * read, batch normalisation with scale 1 and shift 0.
 *
 * <p>Ownership: parameters and statistics, freed by {@link #close} after all workspaces; the backend stays the caller's.
 * Thread-safety: none.
 */
public final class TextClassifier implements TrainableModel {

    /** What fastai's names of the encoder begin with. */
    public static final String ENCODER_PREFIX = FastaiNames.CLASSIFIER;

    /** Name of fastai's counter of training batches, behind the name of a batch normalisation. */
    private static final String BATCHES = "num_batches_tracked";

    private final Backend backend;
    private final TextClassifierConfig config;
    private final ParameterStore parameters;
    private final EncoderParameters encoder;
    private final Arena arena;
    private final List<Buffer> buffers = new ArrayList<>();
    private long batchesTracked;

    /**
     * Allocates and initialises everything.
     *
     * @param seed of the initial weights
     * @throws OutOfDeviceMemoryException if the parameters do not fit
     */
    public TextClassifier(Backend backend, TextClassifierConfig config, long seed) {
        this.backend = backend;
        this.config = config;
        parameters = declare(config).build(backend);
        encoder = new EncoderParameters(parameters, ENCODER_PREFIX);
        arena = backend.arena("running statistics");
        try {
            initialise(seed);
            for (int block = 0; block < config.blocks(); block++) {
                buffer(config.batchNormName(block, "running_mean"), config.blockInput(block), 0);
                buffer(config.batchNormName(block, "running_var"), config.blockInput(block), 1);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void initialise(long seed) {
        for (int index = 0; index < parameters.all().size(); index++) {
            Parameter parameter = parameters.all().get(index);
            double bound = encoder.bound(parameter, config.awdLstm());
            if (!Double.isNaN(bound)) {
                Initialisation.uniform(backend, parameter, bound, seed, index);
            }
        }
        for (int block = 0; block < config.blocks(); block++) {
            double bound = 1 / Math.sqrt(config.blockInput(block));
            for (Parameter parameter : List.of(linearWeight(block), linearBias(block))) {
                Initialisation.uniform(
                        backend, parameter, bound, seed, parameters.all().indexOf(parameter));
            }
            fill(scale(block).value(), 1);
        }
        parameters.changed();
    }

    private void buffer(String name, int size, double value) {
        Tensor tensor = arena.real(name, size);
        fill(tensor, value);
        buffers.add(new Buffer(name, tensor));
    }

    private void fill(Tensor tensor, double value) {
        double[] host = new double[Math.toIntExact(tensor.size())];
        Arrays.fill(host, value);
        backend.upload(host, tensor);
    }

    private static ParameterStore.Builder declare(TextClassifierConfig config) {
        ParameterStore.Builder builder = ParameterStore.builder();
        AwdLstmConfig awdLstm = config.awdLstm();
        EncoderParameters.declareTable(builder, ENCODER_PREFIX, awdLstm, 0);
        for (int layer = 0; layer < awdLstm.nLayers(); layer++) {
            EncoderParameters.declareLayer(builder, ENCODER_PREFIX, awdLstm, layer, layer + 1);
        }
        int head = config.groups() - 1;
        for (int block = 0; block < config.blocks(); block++) {
            builder.add(config.batchNormName(block, "weight"), head, config.blockInput(block));
            builder.add(config.batchNormName(block, "bias"), head, config.blockInput(block));
            builder.add(config.linearName(block, "weight"), head, config.blockOutput(block), config.blockInput(block));
            builder.add(config.linearName(block, "bias"), head, config.blockOutput(block));
        }
        return builder;
    }

    /** How many trainable numbers a classifier has. */
    public static long parameterCount(TextClassifierConfig config) {
        return declare(config).count();
    }

    public TextClassifierConfig config() {
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

    /** Running means and variances, {@code "1.layers.0.running_mean"} and so on. */
    @Override
    public List<Buffer> buffers() {
        return List.copyOf(buffers);
    }

    @Override
    public List<String> counters() {
        List<String> names = new ArrayList<>();
        for (int block = 0; block < config.blocks(); block++) {
            names.add(config.batchNormName(block, BATCHES));
        }
        return names;
    }

    @Override
    public long batchesTracked() {
        return batchesTracked;
    }

    @Override
    public void batchesTracked(long batches) {
        batchesTracked = batches;
    }

    EncoderParameters encoder() {
        return encoder;
    }

    Parameter scale(int block) {
        return parameters.get(config.batchNormName(block, "weight"));
    }

    Parameter shift(int block) {
        return parameters.get(config.batchNormName(block, "bias"));
    }

    Tensor runningMean(int block) {
        return buffers.get(2 * block).value();
    }

    Tensor runningVariance(int block) {
        return buffers.get(2 * block + 1).value();
    }

    Parameter linearWeight(int block) {
        return parameters.get(config.linearName(block, "weight"));
    }

    Parameter linearBias(int block) {
        return parameters.get(config.linearName(block, "bias"));
    }

    /**
     * Buffers and plans for training on, and evaluating, batches of documents.
     *
     * @param batch B, at least 2
     * @param longest tokens of the longest document to train on; fewer tokens than max-len take less memory. Evaluation
     *     may use longer ones if the head sees no more of them
     * @throws ConfigException if B is 1
     * @throws OutOfDeviceMemoryException if they do not fit; the message says how much they need
     */
    public ClassifierWorkspace workspace(int batch, int longest) {
        if (batch == 1) {
            throw new ConfigException(
                    "--bs 1 cannot train a classifier: its head normalises over the documents of a batch"
                            + " (batch norm), which takes at least 2.");
        }
        return workspace(batch, longest, true);
    }

    /** As {@link #workspace(int, int)} without what only training needs, for any B. */
    public ClassifierWorkspace evaluationWorkspace(int batch, int longest) {
        return workspace(batch, longest, false);
    }

    private ClassifierWorkspace workspace(int batch, int longest, boolean training) {
        try {
            return new ClassifierWorkspace(this, batch, longest, training);
        } catch (OutOfDeviceMemoryException e) {
            throw new OutOfDeviceMemoryException(
                    String.format(
                            Locale.ROOT,
                            "Documents of up to %d tokens with --bs %d do not fit on %s: their activations alone take"
                                    + " %.0f MiB, half of that with --bs %d, and less with a lower --max-len (%s).",
                            config.maxKept(longest),
                            batch,
                            backend.info().device(),
                            ClassifierWorkspace.activationBytes(config, batch, longest, training) / (double) (1 << 20),
                            Math.max(1, batch / 2),
                            e.getMessage()),
                    e);
        }
    }

    @Override
    public void close() {
        arena.close();
        parameters.close();
    }
}
