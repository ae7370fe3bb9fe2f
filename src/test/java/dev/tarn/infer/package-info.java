/**
 * Tests of text generation: the choice of a token against fastai's rules on hand-made distributions, the generator
 * against the model that it runs, and the markers that decoding undoes. Nothing here needs a trained model.
 */
@NullMarked
package dev.tarn.infer;

import org.jspecify.annotations.NullMarked;
