/**
 * Uses a trained model: text that goes on from a prompt, and classes that texts belong to.
 *
 * <p>{@link dev.tarn.infer.TextGenerator} feeds a prompt, then one token after another, carrying the hidden state, and
 * {@link dev.tarn.infer.BatchGenerator} does it for several prompts at once; {@link dev.tarn.infer.Sampling} says how the
 * next token is chosen from the distribution. {@link dev.tarn.infer.BeamSearch} looks for likely texts instead. All follow
 * fastai v1's {@code LanguageLearner}. Tokens stay ids there; {@link dev.tarn.infer.Decode} turns the markers that the text
 * rules put in ({@code xxmaj}, {@code xxup}, {@code xxrep}, {@code xxwrep}) back into what a person reads.
 *
 * <p>A {@link dev.tarn.infer.Predictor} classifies; {@link dev.tarn.infer.TextBatches} feeds it a stream of any length in
 * constant memory, and {@link dev.tarn.infer.Occlusion} asks it which tokens its answer hangs on.
 */
@NullMarked
package dev.tarn.infer;

import org.jspecify.annotations.NullMarked;
