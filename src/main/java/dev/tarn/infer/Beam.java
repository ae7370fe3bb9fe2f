package dev.tarn.infer;

import dev.tarn.ConfigException;

/**
 * How a {@link BeamSearch} searches, by the names of fastai v1's {@code beam_search}.
 *
 * @param beamSz how many texts are kept after every token; fastai has 1000. Their logits take {@code 4*beamSz*V} bytes
 * @param topK how many of the likeliest tokens are tried after each of them; fastai has 10
 * @param temperature of the choice among the texts that are left; 0 takes the likeliest, fastai has 1
 * @param noUnk whether the unknown token is never tried
 */
public record Beam(int beamSz, int topK, double temperature, boolean noUnk) {

    /** fastai's {@code top_k}. */
    public static final int DEFAULT_TOP_K = 10;

    /** @throws ConfigException if a value is out of range */
    public Beam {
        if (beamSz < 1) {
            throw new ConfigException("beam-size is " + beamSz + " and must be at least 1, which is greedy.");
        }
        if (topK < 1) {
            throw new ConfigException("top-k is " + topK + " and must be at least 1 in a beam search.");
        }
        if (!(temperature >= 0) || Double.isInfinite(temperature)) {
            throw new ConfigException(
                    "temperature is " + temperature + " and must be at least 0; 0 takes the likeliest text.");
        }
    }
}
