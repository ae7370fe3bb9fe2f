package dev.tarn.data;

/** How a {@link LanguageModelStream} cuts token streams into windows. */
public enum Windows {
    /**
     * B contiguous streams, window lengths drawn as Merity et al. (2017, arXiv:1708.02182, section 5) draw them; see
     * {@link BpttWindows}.
     */
    VARIABLE,

    /**
     * fastai's {@code LanguageModelPreLoader} (1.0.42 and later): every window has {@code bptt} steps, stream b starts at
     * token ⌊b·total/B⌋ and runs on into its neighbour; a few tokens are seen twice and none is lost.
     */
    FIXED,

    /**
     * B contiguous streams in windows of {@code bptt} steps, the last one shorter: no prediction is made twice. This is
     * what a perplexity is measured on.
     */
    CONTIGUOUS
}
