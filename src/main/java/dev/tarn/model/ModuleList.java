package dev.tarn.model;

import dev.tarn.ConfigException;
import java.util.ArrayList;
import java.util.List;

/**
 * The modules of a model that have parameters, in the order and the spelling in which fastai 1.0.53 to 1.0.59 list them
 * ({@code flatten_model}, as printed by the seed notebook), with what trains. Made from sizes alone: no device is needed.
 *
 * <p>Two of fastai's peculiarities show. The embedding table stands there twice, the second time by way of its dropout;
 * and an LSTM under weight drop is followed by a {@code ParameterModule} that holds its recurrent matrix.
 *
 * @param entries the modules
 * @param groups the number of layer groups: of a language model L + 1, of a classifier L + 2
 * @param frozenTo the first layer group that trains
 */
public record ModuleList(List<Entry> entries, int groups, int frozenTo) {

    /** What fastai's head has for batch norm (PyTorch's defaults). */
    private static final String BATCH_NORM =
            "BatchNorm1d(%d, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)";

    /** The last layer's output, concatenated: at the last step, the maximum and the mean over time. */
    private static final int POOLS = 3;

    /**
     * A module.
     *
     * @param text as PyTorch prints it
     * @param group its layer group
     * @param parameters how many numbers it has that no module before it has
     * @param shared how many it has in common with a module before it
     */
    public record Entry(String text, int group, long parameters, long shared) {}

    public ModuleList {
        entries = List.copyOf(entries);
    }

    /**
     * A language model: embedding, LSTM layers, decoder. Groups are one for each LSTM layer, then embedding and decoder.
     *
     * @param freezeTo as {@link LayerGroups#first}
     * @throws ConfigException if there is no such group
     */
    public static ModuleList languageModel(AwdLstmConfig config, int freezeTo) {
        int last = config.nLayers();
        List<Entry> entries = encoder(config, last, 0);
        long weights = (long) config.vocab() * config.embSz();
        long bias = config.outBias() ? config.vocab() : 0;
        entries.add(new Entry(
                linear(config.embSz(), config.vocab(), config.outBias()),
                last,
                config.tieWeights() ? bias : weights + bias,
                config.tieWeights() ? weights : 0));
        return new ModuleList(entries, config.groups(), LayerGroups.first(freezeTo, config.groups()));
    }

    /**
     * A classifier: embedding, LSTM layers, and a head of batch norm and linear layer for each of its sizes. Groups are the
     * embedding, one for each LSTM layer, then the head.
     *
     * @param linFtrs sizes of the head between the 3·E of the pooled output and the classes; fastai's are (50)
     * @param classes C
     * @param freezeTo as {@link LayerGroups#first}
     * @throws ConfigException if a size is below 1 or there is no such group
     */
    public static ModuleList classifier(AwdLstmConfig config, List<Integer> linFtrs, int classes, int freezeTo) {
        int groups = config.nLayers() + 2;
        List<Entry> entries = encoder(config, 0, 1);
        List<Integer> sizes = new ArrayList<>(linFtrs);
        sizes.add(classes);
        int in = POOLS * config.embSz();
        for (int out : sizes) {
            if (out < 1) {
                throw new ConfigException("A head of sizes " + linFtrs + " for " + classes
                        + " classes has a layer of size " + out + "; each must be at least 1.");
            }
            entries.add(new Entry(BATCH_NORM.formatted(in), groups - 1, 2L * in, 0));
            entries.add(new Entry(linear(in, out, true), groups - 1, (long) in * out + out, 0));
            in = out;
        }
        return new ModuleList(entries, groups, LayerGroups.first(freezeTo, groups));
    }

    private static List<Entry> encoder(AwdLstmConfig config, int embeddingGroup, int firstLstmGroup) {
        List<Entry> entries = new ArrayList<>();
        String embedding = "Embedding(%d, %d%s)"
                .formatted(
                        config.vocab(),
                        config.embSz(),
                        config.padToken() < 0 ? "" : ", padding_idx=" + config.padToken());
        long table = (long) config.vocab() * config.embSz();
        entries.add(new Entry(embedding, embeddingGroup, table, 0));
        entries.add(new Entry(embedding, embeddingGroup, 0, table));
        for (int layer = 0; layer < config.nLayers(); layer++) {
            long in = config.inputSize(layer);
            long h = config.hiddenSize(layer);
            int group = firstLstmGroup + layer;
            entries.add(new Entry("LSTM(%d, %d, batch_first=True)".formatted(in, h), group, 4 * h * in + 2 * 4 * h, 0));
            entries.add(new Entry("ParameterModule()", group, 4 * h * h, 0));
        }
        return entries;
    }

    private static String linear(int in, int out, boolean bias) {
        return "Linear(in_features=%d, out_features=%d, bias=%s)".formatted(in, out, bias ? "True" : "False");
    }

    /** Whether a module is in a group that trains. */
    public boolean trains(Entry entry) {
        return entry.group() >= frozenTo;
    }

    /** All parameters, each counted once. */
    public long parameters() {
        return entries.stream().mapToLong(Entry::parameters).sum();
    }

    /** The parameters that train. */
    public long trainable() {
        return entries.stream()
                .filter(this::trains)
                .mapToLong(Entry::parameters)
                .sum();
    }
}
