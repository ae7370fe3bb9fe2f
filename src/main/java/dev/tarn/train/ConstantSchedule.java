package dev.tarn.train;

/** The same rates and momentum at every iteration: fastai's plain {@code fit}. Thread-safe. */
public final class ConstantSchedule implements Schedule {

    private final double[] lr;
    private final double momentum;

    /**
     * @param rates one rate for each layer group
     * @param groups how many there are
     */
    public ConstantSchedule(Rates rates, int groups, double momentum) {
        this.lr = rates.perGroup(groups);
        this.momentum = momentum;
    }

    @Override
    public void rates(long iteration, double[] lr) {
        System.arraycopy(this.lr, 0, lr, 0, this.lr.length);
    }

    @Override
    public double momentum(long iteration) {
        return momentum;
    }
}
