package dev.tarn.checkpoint;

import dev.tarn.text.Vocab;
import java.util.Arrays;

/**
 * Weights that were learned with one vocabulary, rearranged for another, as fastai's {@code convert_weights} does: a token
 * that the old vocabulary has keeps its row, and any other gets the mean of all old rows, special tokens and padding
 * included. The mean is summed in double precision.
 *
 * <p>Where the two vocabularies are equal every row stays where it is; fastai would give a token that stands in the list
 * several times, as fillers do, the row of its last place.
 */
public final class VocabConversion {

    private static final int NEW = -1;

    private final int oldSize;
    private final int[] rows;

    private VocabConversion(int oldSize, int[] rows) {
        this.oldSize = oldSize;
        this.rows = rows;
    }

    /** From the vocabulary that the weights were learned with to the one that they are wanted for. */
    public static VocabConversion of(Vocab learned, Vocab wanted) {
        int[] rows = new int[wanted.size()];
        boolean isSame = learned.equals(wanted);
        for (int i = 0; i < rows.length; i++) {
            String token = wanted.token(i);
            rows[i] = isSame ? i : learned.contains(token) ? learned.id(token) : NEW;
        }
        return new VocabConversion(learned.size(), rows);
    }

    /** How many tokens of the wanted vocabulary keep a row that was learned for them. */
    public int known() {
        return (int) Arrays.stream(rows).filter(row -> row != NEW).count();
    }

    /** The size of the wanted vocabulary. */
    public int size() {
        return rows.length;
    }

    /**
     * Rearranges rows.
     *
     * @param old [V_old, width], row-major
     * @return [V_new, width]
     */
    public float[] rows(float[] old, int width) {
        if (old.length != oldSize * (long) width) {
            throw new IllegalArgumentException(old.length + " weights are not " + oldSize + " rows of " + width);
        }
        float[] mean = mean(old, width);
        float[] converted = new float[Math.multiplyExact(rows.length, width)];
        for (int i = 0; i < rows.length; i++) {
            boolean isNew = rows[i] == NEW;
            System.arraycopy(isNew ? mean : old, isNew ? 0 : rows[i] * width, converted, i * width, width);
        }
        return converted;
    }

    private float[] mean(float[] old, int width) {
        double[] sums = new double[width];
        for (int i = 0; i < old.length; i++) {
            sums[i % width] += old[i];
        }
        float[] mean = new float[width];
        for (int i = 0; i < width; i++) {
            mean[i] = (float) (sums[i] / oldSize);
        }
        return mean;
    }
}
