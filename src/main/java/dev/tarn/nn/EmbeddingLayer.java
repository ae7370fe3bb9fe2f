package dev.tarn.nn;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;

/**
 * The embedding table with both of its dropouts: whole rows of the vocabulary (Gal &amp; Ghahramani 2016; Merity et al.
 * 2017, section 4.3) and a locked mask over the looked-up vectors.
 *
 * <p>As in fastai, the padding row gets no gradient through the lookup, but it does get one through a tied decoder.
 */
public final class EmbeddingLayer {

    private final Backend backend;
    private final Parameter table;
    private final int padding;
    private Mask rows = Mask.NONE;
    private Mask input = Mask.NONE;

    /**
     * @param table [V,E]
     * @param padding the row without gradient, or -1
     */
    public EmbeddingLayer(Backend backend, Parameter table, int padding) {
        this.backend = backend;
        this.table = table;
        this.padding = padding;
    }

    /**
     * Looks up a window.
     *
     * @param ids [T,B] in
     * @param rows mask over the V rows, kept for {@link #backward}
     * @param input locked mask over [B,E], kept likewise
     * @param out [T,B,E] out
     */
    public void forward(Tensor ids, Mask rows, Mask input, Tensor out) {
        this.rows = rows;
        this.input = input;
        backend.embed(table.value(), ids, rows, input, out);
    }

    /**
     * Adds to the table's gradient.
     *
     * @param ids [T,B] in, as given to {@link #forward}
     * @param dOut [T,B,E] in
     */
    public void backward(Tensor ids, Tensor dOut) {
        backend.embedBackward(dOut, ids, rows, input, padding, table.gradient());
    }
}
