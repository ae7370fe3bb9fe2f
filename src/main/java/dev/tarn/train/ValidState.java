package dev.tarn.train;

/** The hidden state that validation at the end of an epoch starts from. */
public enum ValidState {
    /** Zero, so that the figure depends on the weights and the text alone. */
    RESET,
    /** What training left, as fastai v1 has it, where both have the same batch size. */
    CARRIED
}
