package dev.tarn.train;

import dev.tarn.backend.Tensor;
import dev.tarn.model.TrainableModel;
import java.util.List;

/**
 * What a {@link Learner} trains: a model with the text that it learns from, the text that it is measured on, and the
 * workspaces that it runs in. The loop around it is the same for every kind of model.
 *
 * <p>Ownership: workspaces, freed by {@link #close}; model and texts are lent.
 */
interface Task extends AutoCloseable {

    TrainableModel model();

    /** What it learns from; its batches are taken by {@link #next}. */
    BatchSource<?> source();

    /** Takes the next batch, for {@link #train}, and tells the step its size. */
    void next(Step step);

    /** Submits forward and backward of the batch that was taken; writes the gradients of the groups that train. */
    void train(Step step, int frozenTo);

    /** [2] of the latest {@link #train}: mean cross-entropy in nats, and NaN. */
    Tensor stats();

    /** [3] of the latest {@link #train}: the values of AR, TAR and norm-stabilizer. */
    Tensor penalties();

    /** Makes the next batch start from zeros. */
    void resetState();

    /** What is carried from batch to batch: h and c of layer 0, of layer 1, ...; empty where every batch starts anew. */
    List<Tensor> state();

    /** Whether there is a text to be measured on. */
    boolean validates();

    /** Measures the model on that text, which may spoil the state. */
    Validation validate(ValidState from);

    @Override
    void close();
}
