package dev.tarn.backend.reference;

/**
 * How results are rounded. The reference keeps doubles; a test passes an arithmetic of less precision to learn what plain
 * code loses in it. Thread-safety: implementations keep no state.
 */
interface Arithmetic {

    /** Doubles as they are. */
    Arithmetic EXACT = new Arithmetic() {

        @Override
        public double round(double value) {
            return value;
        }

        @Override
        public double factor(double value) {
            return value;
        }
    };

    /** What is left of a result when it is stored or added to a sum. */
    double round(double value);

    /** What is left of a number that enters a matrix product. */
    double factor(double value);
}
