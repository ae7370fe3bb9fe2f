package dev.tarn.backend;

/**
 * What is added to the gradient of the last layer's output h[T,B,H]: activation regularization (AR), temporal AR (TAR;
 * both Merity et al. 2017, section 4.3) and the norm-stabilizer (NS; Krueger &amp; Memisevic 2016). Means of squares as
 * both codebases compute them, not the L2 norms of the paper's text.
 *
 * <ul>
 *   <li>AR: {@code alpha/(T·B·H) Σ (m∘h)²}, m the locked output mask for {@link ArOn#DROPPED}, 1 for {@link ArOn#RAW}
 *   <li>TAR: {@code beta/((T-1)·B·H) Σ (h_{t+1} - h_t)²}
 *   <li>NS, {@link NormForm#PAPER}: {@code gamma/(B·(T-1)) Σ_b Σ_t (‖h_{t+1}‖ - ‖h_t‖)²} over the T-1 inner differences;
 *       with {@code includeInitial} also the difference to the carried state h_0, and divisor {@code B·T}. The
 *       gradient at a zero norm is 0.
 *   <li>NS, {@link NormForm#SEED}: {@code gamma/T (‖h_{1..T-1}‖_F - ‖h_{0..T-2}‖_F)²}, one norm over batch, time and
 *       hidden as the seed notebook has it; the gradient of a zero norm is 0 (the notebook's is NaN).
 * </ul>
 *
 * <p>With {@link Padding} the positions that are padding take no part: the sums leave them out, T·B becomes the number of
 * positions that are left, B·(T-1) the number of neighbouring pairs, and for the seed's form h counts as 0 there while T
 * stays; h_0 is compared where the first step is text.
 *
 * <p>T &lt; 2 makes TAR and NS zero (except NS paper with {@code includeInitial}); the batch size never matters to the
 * guard, unlike in fastai.
 *
 * @param alpha weight of AR, at least 0
 * @param beta weight of TAR, at least 0
 * @param gamma weight of NS, at least 0 ({@code --beta-norm})
 */
public record Regularization(
        float alpha, float beta, float gamma, ArOn arOn, NormForm normForm, boolean includeInitial) {

    /** Which output AR reads. */
    public enum ArOn {
        /** After the locked output dropout, as the paper and Merity's code do. */
        DROPPED,
        /** Before it, as fastai v1 does. */
        RAW
    }

    /** Whether positions that are padding take part, in batches of documents. */
    public enum RegMask {
        /** They do not. */
        PADDING,
        /** They do, as in fastai v1. */
        NONE
    }

    /** Which norms the norm-stabilizer compares. */
    public enum NormForm {
        PAPER,
        SEED
    }

    /** No regularization. */
    public static final Regularization NONE = new Regularization(0, 0, 0, ArOn.DROPPED, NormForm.PAPER, false);

    /** Entries of the {@code values} tensor: AR, TAR, NS. */
    public static final int VALUES = 3;

    public boolean isNone() {
        return alpha == 0 && beta == 0 && gamma == 0;
    }
}
