package dev.tarn.model;

import dev.tarn.CheckpointException;
import dev.tarn.checkpoint.EncoderSizes;
import dev.tarn.checkpoint.FastaiNames;
import dev.tarn.checkpoint.Pretrained;
import dev.tarn.checkpoint.SafeTensorsFile;
import dev.tarn.checkpoint.VocabConversion;
import dev.tarn.nn.ParameterStore;
import dev.tarn.text.Vocab;

/**
 * A language model that starts from pretrained weights, converted to its vocabulary. Where only an encoder is there, or
 * that of a classifier, the decoder matrix is tied to it and the decoder bias stays as it was initialised, at zero.
 *
 * <p>An untied decoder is converted row by row as the embedding table is; fastai replaces it by the table.
 */
public final class PretrainedWeights {

    private PretrainedWeights() {}

    /**
     * Refuses weights that do not fit a model of these sizes, before it is made. The vocabulary is not compared, since it
     * is converted.
     *
     * @throws CheckpointException which names the mismatch and the flag that mends it
     */
    public static void requireFits(
            Pretrained from, int embSz, int nHid, int nLayers, boolean tieWeights, boolean outBias) {
        SafeTensorsFile weights = from.weights();
        EncoderSizes sizes = from.sizes();
        sizes.requireFits(
                weights.file().toString(),
                new EncoderSizes(sizes.vocab(), embSz, nLayers == 1 ? embSz : nHid, nLayers));
        boolean isWhole = from.part() == Pretrained.Part.LANGUAGE_MODEL;
        boolean isUntied = weights.has(FastaiNames.DECODER);
        if (isUntied == tieWeights && (isWhole || !tieWeights)) {
            throw new CheckpointException(weights.file() + " has " + (isUntied ? "a" : "no") + " decoder matrix "
                    + FastaiNames.DECODER + " of its own, the model " + (isUntied ? "none" : "one")
                    + "; pass --tie-weights " + !isUntied + ".");
        }
        boolean hasBias = weights.has(FastaiNames.DECODER_BIAS);
        if (isWhole && hasBias != outBias) {
            throw new CheckpointException(weights.file() + " has " + (hasBias ? "a" : "no") + " decoder bias "
                    + FastaiNames.DECODER_BIAS + ", the model " + (hasBias ? "none" : "one") + "; pass --out-bias "
                    + hasBias + ".");
        }
    }

    /**
     * Puts pretrained weights into a model.
     *
     * @param wanted the vocabulary of the model
     * @throws CheckpointException if they do not fit or have no vocabulary; the model is unchanged then
     */
    public static VocabConversion load(LanguageModel model, Vocab wanted, Pretrained from) {
        AwdLstmConfig config = model.config();
        requireFits(from, config.embSz(), config.nHid(), config.nLayers(), config.tieWeights(), config.outBias());
        ParameterStore store = model.parameters();
        SafeTensorsFile weights = from.weights();
        VocabConversion conversion = EncoderWeights.load(store, FastaiNames.LANGUAGE_MODEL, wanted, from);
        if (!config.tieWeights()) {
            store.set(LanguageModel.DECODER, conversion.rows(weights.floats(FastaiNames.DECODER), config.embSz()));
        }
        if (weights.has(FastaiNames.DECODER_BIAS)) {
            store.set(LanguageModel.DECODER_BIAS, conversion.rows(weights.floats(FastaiNames.DECODER_BIAS), 1));
        }
        return conversion;
    }
}
