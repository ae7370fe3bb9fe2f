package dev.tarn.backend.reference;

import dev.tarn.backend.Mask;
import dev.tarn.backend.Shapes;

/** The embedding lookup with both of its dropouts, the gradient of it, and locked dropout by itself. */
final class Embedding {

    private final Arithmetic arithmetic;

    Embedding(Arithmetic arithmetic) {
        this.arithmetic = arithmetic;
    }

    void forward(ReferenceTensor w, ReferenceTensor ids, Mask rows, Mask input, ReferenceTensor out) {
        Matrix table = w.matrix();
        checkIds("embed", ids, table.rows());
        int batch = ids.dim(1);
        for (int t = 0; t < ids.dim(0); t++) {
            Matrix step = out.step(t);
            for (int b = 0; b < batch; b++) {
                int id = ids.id(t * batch + b);
                for (int e = 0; e < table.columns(); e++) {
                    double kept = arithmetic.round(table.get(id, e) * Masks.at(rows, id));
                    step.set(b, e, arithmetic.round(kept * Masks.at(input, (long) b * table.columns() + e)));
                }
            }
        }
    }

    void backward(ReferenceTensor dOut, ReferenceTensor ids, Mask rows, Mask input, int padding, ReferenceTensor dw) {
        Matrix table = dw.matrix();
        checkIds("embedBackward", ids, table.rows());
        int batch = ids.dim(1);
        for (int t = 0; t < ids.dim(0); t++) {
            Matrix step = dOut.step(t);
            for (int b = 0; b < batch; b++) {
                int id = ids.id(t * batch + b);
                if (id == padding) {
                    continue;
                }
                for (int e = 0; e < table.columns(); e++) {
                    double kept = arithmetic.round(step.get(b, e) * Masks.at(rows, id));
                    double gradient = arithmetic.round(kept * Masks.at(input, (long) b * table.columns() + e));
                    table.set(id, e, arithmetic.round(table.get(id, e) + gradient));
                }
            }
        }
    }

    void lockedDropout(ReferenceTensor x, Mask mask, ReferenceTensor out) {
        for (int t = 0; t < x.dim(0); t++) {
            Matrix from = x.step(t);
            Matrix to = out.step(t);
            for (int b = 0; b < from.rows(); b++) {
                for (int h = 0; h < from.columns(); h++) {
                    double kept = Masks.at(mask, (long) b * from.columns() + h);
                    to.set(b, h, arithmetic.round(from.get(b, h) * kept));
                }
            }
        }
    }

    private static void checkIds(String op, ReferenceTensor ids, int vocabulary) {
        for (int i = 0; i < ids.size(); i++) {
            Shapes.id(op, ids.id(i), i, vocabulary);
        }
    }
}
