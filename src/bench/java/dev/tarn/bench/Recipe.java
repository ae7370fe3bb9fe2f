package dev.tarn.bench;

/**
 * The hyper-parameters of a step, fastai's for an AWD-LSTM language model, the same on both sides.
 *
 * @param embedP dropout over rows of the embedding table
 * @param inputP locked dropout on the embedded input
 * @param weightP weight drop on the recurrent matrices
 * @param hiddenP locked dropout between layers
 * @param outputP locked dropout on the last layer's output
 * @param alpha weight of AR, on the dropped output
 * @param beta weight of TAR
 * @param clip largest global norm of the gradients
 * @param wd decoupled weight decay
 */
record Recipe(
        double embedP,
        double inputP,
        double weightP,
        double hiddenP,
        double outputP,
        double alpha,
        double beta,
        double clip,
        double lr,
        double wd,
        double beta1,
        double beta2,
        double eps) {

    /** What is measured. */
    static final Recipe FULL = new Recipe(0.02, 0.25, 0.2, 0.15, 0.1, 2, 1, 0.25, 1e-3, 0.01, 0.9, 0.99, 1e-8);

    /** The same without randomness, to compare the two sides number by number. */
    static final Recipe WITHOUT_DROPOUT = new Recipe(0, 0, 0, 0, 0, 2, 1, 0.25, 1e-3, 0.01, 0.9, 0.99, 1e-8);
}
