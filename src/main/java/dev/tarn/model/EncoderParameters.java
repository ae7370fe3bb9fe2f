package dev.tarn.model;

import dev.tarn.backend.LstmWeights;
import dev.tarn.nn.Parameter;
import dev.tarn.nn.ParameterStore;

/**
 * The tensors of an encoder (embedding table and LSTM layers) among the parameters of a model.
 *
 * @param parameters of the whole model
 * @param prefix what fastai's names of the encoder begin with there: {@code "0."} in a language model
 */
record EncoderParameters(ParameterStore parameters, String prefix) {

    /** The table, and an untied decoder, start in U(-0.1, 0.1). */
    static final double TABLE_BOUND = 0.1;

    /** Name of the embedding table [V,E]. */
    String tableName() {
        return tableName(prefix);
    }

    static String tableName(String prefix) {
        return prefix + "encoder.weight";
    }

    /** Name of an LSTM tensor: {@code suffix} is {@code "weight_hh_l0_raw"}, {@code "module.bias_ih_l0"}, .... */
    static String lstmName(String prefix, int layer, String suffix) {
        return prefix + "rnns." + layer + "." + suffix;
    }

    /** Adds the tensors of a layer to the list of parameters. */
    static void declareLayer(
            ParameterStore.Builder builder, String prefix, AwdLstmConfig config, int layer, int group) {
        int h = config.hiddenSize(layer);
        builder.add(lstmName(prefix, layer, "weight_hh_l0_raw"), group, 4 * h, h);
        builder.add(lstmName(prefix, layer, "module.weight_ih_l0"), group, 4 * h, config.inputSize(layer));
        builder.add(lstmName(prefix, layer, "module.bias_ih_l0"), group, 4 * h);
        builder.add(lstmName(prefix, layer, "module.bias_hh_l0"), group, 4 * h);
    }

    /** Adds the embedding table to the list of parameters. */
    static void declareTable(ParameterStore.Builder builder, String prefix, AwdLstmConfig config, int group) {
        builder.add(tableName(prefix), group, config.vocab(), config.embSz());
    }

    /**
     * How far from 0 a tensor of the encoder starts, as fastai has it.
     *
     * @return NaN if the parameter is none of the encoder
     */
    double bound(Parameter parameter, AwdLstmConfig config) {
        if (parameter.name().equals(tableName())) {
            return TABLE_BOUND;
        }
        for (int layer = 0; layer < config.nLayers(); layer++) {
            if (parameter.name().startsWith(lstmName(prefix, layer, ""))) {
                return 1 / Math.sqrt(config.hiddenSize(layer));
            }
        }
        return Double.NaN;
    }

    Parameter table() {
        return parameters.get(tableName());
    }

    LstmWeights values(int layer) {
        return new LstmWeights(
                lstm(layer, "module.weight_ih_l0").value(),
                lstm(layer, "weight_hh_l0_raw").value(),
                lstm(layer, "module.bias_ih_l0").value(),
                lstm(layer, "module.bias_hh_l0").value());
    }

    LstmWeights gradients(int layer) {
        return new LstmWeights(
                lstm(layer, "module.weight_ih_l0").gradient(),
                lstm(layer, "weight_hh_l0_raw").gradient(),
                lstm(layer, "module.bias_ih_l0").gradient(),
                lstm(layer, "module.bias_hh_l0").gradient());
    }

    private Parameter lstm(int layer, String suffix) {
        return parameters.get(lstmName(prefix, layer, suffix));
    }
}
