package dev.tarn.run;

import dev.tarn.ConfigException;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.LstmPath;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Regularization;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration of a classifier's run, as {@link RunConfig} is that of a language model's. The defaults are
 * fastai v1's, with the stages of its IMDB lesson.
 */
public record ClassifierConfig(
        Data data,
        Model model,
        Head head,
        RunConfig.Dropout dropout,
        Train train,
        RunConfig.Schedule schedule,
        RunConfig.Penalties regularization,
        Run run)
        implements RunSettings {

    /** The beginning of the keys that only a classifier has. */
    static final String SECTION = "head.";

    /** Documents and batches. */
    public record Data(
            @Setting(value = "a folder made by `tarn data prepare` whose documents have labels", flag = "data")
            String prepared,

            @Setting(value = "documents of a batch, at least 2", min = 2, max = 65_536)
            int bs,

            @Setting(value = "the same for validation; 0 for the same as bs", min = 0, max = 65_536)
            int validBs,

            @Setting("whether documents are read from their end")
            boolean backwards) {

        /** {@code valid-bs}, or {@code bs} where that is 0. */
        public int effectiveValidBs() {
            return validBs == 0 ? bs : validBs;
        }
    }

    /** Where the encoder comes from and how documents pass through it. */
    public record Model(
            @Setting("run of a language model or folder of `tarn model import` to start from; empty for random weights")
            String encoder,

            @Setting(
                    value = "size of an embedding and of the last layer; 0 for the encoder's, or 400",
                    min = 0,
                    max = 65_536)
            int embSz,

            @Setting(value = "size of the layers before the last; 0 for the encoder's, or 1152", min = 0, max = 65_536)
            int nHid,

            @Setting(value = "LSTM layers; 0 for the encoder's, or 3", min = 0, max = 64)
            int nLayers,

            @Setting(value = "tokens of a chunk; gradients do not cross its ends", min = 1, max = 65_536)
            int bptt,

            @Setting(value = "the head sees fewer tokens than this of a document", min = 2, max = 10_000_000)
            int maxLen) {}

    /** What stands on the pooled output. */
    public record Head(
            @Setting(value = "sizes between pooling and classes", min = 1, max = 65_536)
            List<Integer> linFtrs,

            @Setting(value = "a dropout for each of them, not multiplied by drop-mult", min = 0, max = 1, below = true)
            List<Double> ps) {

        public Head {
            linFtrs = List.copyOf(linFtrs);
            ps = List.copyOf(ps);
        }
    }

    /** Gradual unfreezing and the optimizer. */
    public record Train(
            @Setting(
                    value = "what trains, for how many epochs, at which rates: FREEZE_TO:EPOCHS:LR; ...",
                    form = STAGES,
                    example =
                            "stages FREEZE_TO:EPOCHS:LR separated by ;, such as -1:1:0.02; 0:2:slice(1e-3/2.6^4,1e-3)")
            String stages,

            @Setting("adam, sgd or nt-asgd") RunConfig.OptimizerKind optimizer,

            @Setting(value = "weight decay", min = 0, max = 10)
            double wd,

            @Setting("whether decay is apart from the gradient (AdamW) rather than in it (L2)")
            boolean trueWd,

            @Setting(value = "Adam's decay of squared gradients", min = 0, max = 1, below = true)
            double beta2,

            @Setting(value = "Adam's epsilon", min = 0, max = 1, above = true)
            double eps,

            @Setting(value = "NT-ASGD averages when no better for this many validations", min = 1)
            int patience,

            @Setting(value = "largest norm of all gradients together; 0 for no clipping", min = 0)
            double clip,

            @Setting("what the regularizers leave out: padding, or none as fastai")
            Regularization.RegMask regMask) {}

    /** Device, seed, and what is kept. */
    public record Run(
            @Setting(
                    value = "auto, cpu, cuda:N or reference",
                    form = "[a-z]+(:[0-9]{1,3})?",
                    example = "auto, cpu, cuda:N or reference")
            String device,

            @Setting("of the factors of matrix products") Precision precision,

            @Setting("of recurrent layers, where the device has a choice: cuda has cudnn and fused")
            LstmPath lstm,

            @Setting("of everything that is random") long seed,

            @Setting(value = "steps from checkpoint to checkpoint; 0 for one an epoch", min = 0)
            int checkpointSteps) {

        /** How the device is to compute. */
        public BackendOptions options() {
            return new BackendOptions(precision, lstm);
        }
    }

    private static final String STAGE = "\\s*-?[0-9]{1,2}\\s*:\\s*[0-9]{1,4}\\s*:\\s*(" + RunConfig.LR + ")\\s*";

    static final String STAGES = STAGE + "(;" + STAGE + ")*";

    private static final ClassifierConfig DEFAULTS = new ClassifierConfig(
            new Data("", 64, 0, false),
            new Model("", 0, 0, 0, 70, 1400),
            new Head(List.of(50), List.of(0.1)),
            new RunConfig.Dropout(1, 0.05, 0.4, 0.5, 0.3, 0.4),
            new Train(
                    "-1:1:2e-2; -2:1:slice(1e-2/2.6^4,1e-2); -3:1:slice(5e-3/2.6^4,5e-3); 0:2:slice(1e-3/2.6^4,1e-3)",
                    RunConfig.OptimizerKind.ADAM,
                    0.01,
                    true,
                    0.99,
                    1e-8,
                    5,
                    0,
                    Regularization.RegMask.PADDING),
            new RunConfig.Schedule(RunConfig.Policy.ONE_CYCLE, List.of(0.8, 0.7), 25, 0.3, 0),
            new RunConfig.Penalties(2, 1, 0, Regularization.NormForm.PAPER, false, Regularization.ArOn.DROPPED),
            new Run("auto", Precision.F32, LstmPath.AUTO, 42, 0));

    private static final ConfigSchema<ClassifierConfig> SCHEMA = new ConfigSchema<>(ClassifierConfig.class, DEFAULTS);

    /** fastai's defaults; {@code data.prepared} is empty. */
    public static ClassifierConfig defaults() {
        return DEFAULTS;
    }

    /** What the keys mean and may be. */
    public static ConfigSchema<ClassifierConfig> schema() {
        return SCHEMA;
    }

    /** As {@link RunConfig#load}. */
    public static ClassifierConfig load(@Nullable Path file, List<ConfigOverride> overrides) {
        return SCHEMA.load(file, overrides).validate();
    }

    /** As {@link RunConfig#with}. */
    public ClassifierConfig with(String key, String value) {
        return SCHEMA.with(this, key, value).validate();
    }

    /** The same with sizes in the place of those that were left to the encoder. */
    public ClassifierConfig withSizes(int embSz, int nHid, int nLayers) {
        Model sized = new Model(model.encoder, embSz, nHid, nLayers, model.bptt, model.maxLen);
        return new ClassifierConfig(data, sized, head, dropout, train, schedule, regularization, run);
    }

    /**
     * Checks every key, and keys against each other.
     *
     * @return this
     * @throws ConfigException for the first that cannot be used
     */
    public ClassifierConfig validate() {
        SCHEMA.check(this);
        dropout.validate();
        if (head.ps.size() != head.linFtrs.size()) {
            throw new ConfigException("head.ps has " + head.ps.size() + " dropouts and head.lin-ftrs "
                    + head.linFtrs.size() + " sizes; give one for each with --ps and --lin-ftrs.");
        }
        if (model.maxLen <= model.bptt) {
            throw new ConfigException("model.max-len = " + model.maxLen + " must be above model.bptt = " + model.bptt
                    + ", or nothing of a document would be left; raise --max-len or lower --bptt.");
        }
        return this;
    }

    @Override
    public String device() {
        return run.device;
    }

    @Override
    public BackendOptions options() {
        return run.options();
    }

    @Override
    public long seed() {
        return run.seed;
    }

    @Override
    public boolean backwards() {
        return data.backwards;
    }

    @Override
    public Map<String, String> texts() {
        return SCHEMA.texts(this);
    }

    @Override
    public String toYaml() {
        return ConfigFile.write(SCHEMA, this);
    }
}
