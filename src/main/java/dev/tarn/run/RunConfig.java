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
 * The whole configuration of a language-model run, as one YAML file with a section for each component, as flags, or as
 * both. Keys are the names of the components in the field's spelling with dashes: {@code data.bs}, {@code model.emb-sz}.
 * Every key has a value; {@link #toYaml()} prints them all. The defaults are fastai v1's, for training from scratch.
 *
 * <p>A value of this type made by {@link #load}, {@link #with} or {@link #validate} has every key in its range.
 */
public record RunConfig(
        Data data, Model model, Dropout dropout, Train train, Schedule schedule, Penalties regularization, Run run)
        implements RunSettings {

    /** How text becomes tokens. */
    public enum TokenizerKind {
        /** fastai's rules and an English tokenizer with spaCy's behaviour. */
        FASTAI,
        /** The words as they stand, {@code <eos>} after every line. */
        WHITESPACE
    }

    /** How long the windows of training are. */
    public enum BpttMode {
        /** Drawn anew for each, as Merity et al. (2017, section 5) do. */
        VARIABLE,
        /** All alike, as fastai from 1.0.42 on has it. */
        FIXED
    }

    /** The optimizer. */
    public enum OptimizerKind {
        ADAM,
        SGD,
        /** SGD that averages its weights once validation stops improving (Merity et al. 2017, section 2). */
        NT_ASGD
    }

    /** How the learning rate goes. */
    public enum Policy {
        /** Up and down along half cosines, the momentum the other way (Smith 2018). */
        ONE_CYCLE,
        /** The same rate and momentum throughout: fastai's {@code fit}. */
        CONSTANT
    }

    /** The hidden state that validation starts from. */
    public enum ValidState {
        /** Zeros. */
        RESET,
        /** What training left, as fastai v1 has it. */
        CARRIED
    }

    /** Text and batches. */
    public record Data(
            @Setting("text files or token stores to train on")
            List<String> train,

            @Setting("text file or token store to validate on; empty for none")
            String valid,

            @Setting("how text becomes tokens") TokenizerKind tokenizer,

            @Setting(value = "a token that occurs less often is unknown", min = 1)
            int minFreq,

            @Setting(value = "the most tokens that the vocabulary holds", min = 10, max = 10_000_000)
            int maxVocab,

            @Setting(value = "streams that are read side by side", min = 1, max = 65_536)
            int bs,

            @Setting(value = "the same for validation; 0 for the same as bs", min = 0, max = 65_536)
            int validBs,

            @Setting(value = "steps back through time, the nominal window length", min = 1, max = 65_536)
            int bptt,

            @Setting("whether the length of each window is drawn")
            BpttMode bpttMode,

            @Setting("whether documents stand in another order every epoch")
            boolean shuffle,

            @Setting("whether the text is read from its end")
            boolean backwards) {

        public Data {
            train = List.copyOf(train);
        }
    }

    /** Sizes, and what the weights start from. */
    public record Model(
            @Setting("pretrained folder or run whose weights to start from; empty for random ones")
            String pretrained,

            @Setting(value = "size of an embedding and of the last layer", min = 1, max = 65_536)
            int embSz,

            @Setting(value = "size of the layers before the last", min = 1, max = 65_536)
            int nHid,

            @Setting(value = "LSTM layers", min = 1, max = 64)
            int nLayers,

            @Setting("whether the decoder uses the embedding table")
            boolean tieWeights,

            @Setting("whether the decoder has a bias") boolean outBias) {}

    /** The five dropouts and what multiplies them. */
    public record Dropout(
            @Setting(value = "multiplies all five dropouts", min = 0, max = 100)
            double dropMult,

            @Setting(value = "rows of the embedding table", min = 0, max = 1, below = true)
            double embedP,

            @Setting(value = "embeddings, locked over time", min = 0, max = 1, below = true)
            double inputP,

            @Setting(value = "recurrent weights", min = 0, max = 1, below = true)
            double weightP,

            @Setting(value = "between layers, locked over time", min = 0, max = 1, below = true)
            double hiddenP,

            @Setting(value = "before the decoder or the head, locked over time", min = 0, max = 1, below = true)
            double outputP) {

        /** Checks that the multiplied dropouts stay below 1. */
        void validate() {
            double highest = Math.max(embedP, Math.max(inputP, Math.max(weightP, Math.max(hiddenP, outputP))));
            if (highest * dropMult >= 1) {
                throw new ConfigException("dropout.drop-mult = " + dropMult + " makes a dropout of " + highest
                        + " reach 1; use a --drop-mult below " + 1 / highest + ".");
            }
        }
    }

    /** The optimizer and how long it works. */
    public record Train(
            @Setting(value = "times through the training text", min = 1, max = 1_000_000)
            int epochs,

            @Setting(
                    value = "highest learning rate: 0.003, slice(0.003) or slice(0.0001,0.003)",
                    form = LR,
                    example = "a positive number, slice(STOP) or slice(START,STOP)")
            String lr,

            @Setting("adam, sgd or nt-asgd") OptimizerKind optimizer,

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

            @Setting("whether the learning rate follows the length of the window")
            boolean adjust,

            @Setting("hidden state that validation starts from")
            ValidState validState,

            @Setting(value = "first layer group that trains, from 0; -1 for the last alone", min = -65, max = 64)
            int freezeTo) {}

    /** How learning rate and momentum go. */
    public record Schedule(
            @Setting(value = "one-cycle or constant", flag = "schedule")
            Policy policy,

            @Setting(
                    value = "momentum at the ends and at the highest rate; constant uses the first",
                    min = 0,
                    max = 1,
                    below = true,
                    least = 2,
                    most = 2)
            List<Double> moms,

            @Setting(value = "highest rate over first rate", min = 1, max = 1e12)
            double divFactor,

            @Setting(value = "share of the steps with rising rate", min = 0, max = 1)
            double pctStart,

            @Setting(value = "highest rate over last rate; 0 for 10000 times div-factor", min = 0)
            double finalDiv) {

        public Schedule {
            moms = List.copyOf(moms);
        }

        /** Highest rate over last rate: {@code final-div}, or fastai's {@code 10⁴ · div-factor} where that is 0. */
        public double effectiveFinalDiv() {
            return finalDiv == 0 ? divFactor * 1e4 : finalDiv;
        }
    }

    /** What is added to the gradient of the last layer's output. */
    public record Penalties(
            @Setting(value = "weight of activation regularization (AR)", min = 0, max = 1e9)
            double alpha,

            @Setting(value = "weight of temporal activation regularization (TAR)", min = 0, max = 1e9)
            double beta,

            @Setting(value = "weight of the norm-stabilizer", min = 0, max = 1e9)
            double betaNorm,

            @Setting("norms it compares: per sequence and step, or the seed notebook's")
            Regularization.NormForm normForm,

            @Setting("whether it also compares the first step with the carried state")
            boolean normInitial,

            @Setting("output that AR reads: after the dropout, or before as fastai")
            Regularization.ArOn arOn) {

        /** The same for a backend. */
        public Regularization toRegularization() {
            return new Regularization((float) alpha, (float) beta, (float) betaNorm, arOn, normForm, normInitial);
        }
    }

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
            int checkpointSteps,

            @Setting("whether the norms of the layers' outputs are kept for every step of time")
            boolean recordNorms) {

        /** How the device is to compute. */
        public BackendOptions options() {
            return new BackendOptions(precision, lstm);
        }
    }

    /** Decimal digits, one of them not 0, with at most two in the exponent: above 0 and finite. */
    private static final String NUMBER = "\\s*(?=[0-9.]*[1-9])[0-9]*\\.?[0-9]+\\.?([eE][-+]?[0-9]{1,2})?\\s*";

    /** A number, or one divided by a power of another, as 1e-2/2.6^4. */
    private static final String RATE = NUMBER + "(/" + NUMBER + "(\\^\\s*[0-9]{1,2}\\s*)?)?";

    static final String LR = RATE + "|slice\\(" + RATE + "(," + RATE + ")?\\)";

    private static final RunConfig DEFAULTS = new RunConfig(
            new Data(List.of(), "", TokenizerKind.FASTAI, 2, 60_000, 64, 0, 70, BpttMode.VARIABLE, true, false),
            new Model("", 400, 1152, 3, true, true),
            new Dropout(1, 0.02, 0.25, 0.2, 0.15, 0.1),
            new Train(1, "0.003", OptimizerKind.ADAM, 0.01, true, 0.99, 1e-8, 5, 0, true, ValidState.RESET, 0),
            new Schedule(Policy.ONE_CYCLE, List.of(0.8, 0.7), 25, 0.3, 0),
            new Penalties(2, 1, 0, Regularization.NormForm.PAPER, false, Regularization.ArOn.DROPPED),
            new Run("auto", Precision.F32, LstmPath.AUTO, 42, 0, false));

    private static final ConfigSchema<RunConfig> SCHEMA = new ConfigSchema<>(RunConfig.class, DEFAULTS);

    /** fastai's defaults; {@code data.train} is empty. */
    public static RunConfig defaults() {
        return DEFAULTS;
    }

    /** What the keys mean and may be. */
    public static ConfigSchema<RunConfig> schema() {
        return SCHEMA;
    }

    /**
     * The defaults, overridden by a file, overridden by flags.
     *
     * @param file YAML, or null for none
     * @param overrides in the order in which they count, see {@link ConfigOverride}
     * @throws ConfigException if the file is missing or is not YAML, or a key is unknown, repeated, of the wrong type or
     *     out of range
     */
    public static RunConfig load(@Nullable Path file, List<ConfigOverride> overrides) {
        return SCHEMA.load(file, overrides).validate();
    }

    /**
     * The same with one key changed.
     *
     * @param key dotted, {@code "train.lr"}
     * @param value as on the command line; a list separated by commas
     */
    public RunConfig with(String key, String value) {
        return SCHEMA.with(this, key, value).validate();
    }

    /**
     * Checks every key, and keys against each other.
     *
     * @return this
     * @throws ConfigException for the first that cannot be used
     */
    public RunConfig validate() {
        SCHEMA.check(this);
        dropout.validate();
        return this;
    }

    /** The batch size of validation: {@code valid-bs}, or {@code bs} where that is 0. */
    public int effectiveValidBs() {
        return data.validBs == 0 ? data.bs : data.validBs;
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

    /** All keys with a comment each; {@link #load} reads it back to an equal value. */
    @Override
    public String toYaml() {
        return ConfigFile.write(SCHEMA, this);
    }
}
