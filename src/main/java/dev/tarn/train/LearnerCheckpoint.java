package dev.tarn.train;

import dev.tarn.CheckpointException;
import dev.tarn.DivergedException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Tensor;
import dev.tarn.checkpoint.Checkpoint;
import dev.tarn.checkpoint.DType;
import dev.tarn.checkpoint.SafeTensorsFile;
import dev.tarn.checkpoint.TensorEntry;
import dev.tarn.checkpoint.TrainingState;
import dev.tarn.data.Cursor;
import dev.tarn.model.TrainableModel;
import dev.tarn.nn.Parameter;
import java.nio.Buffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A learner on disk and back. Tensors are written with all the digits that the device keeps (F64 on {@code reference}, F32
 * elsewhere), one at a time, so that host memory holds one tensor and not the model. Moments lie under
 * {@code NAME/PARAMETER}, the hidden state under {@code LAYER.h} and {@code LAYER.c}.
 */
final class LearnerCheckpoint {

    private static final String FIT = "fit";
    private static final String EPOCH = "epoch";
    private static final String DATA_EPOCH = "dataEpoch";
    private static final String WINDOW = "window";
    private static final String ITERATION = "iteration";
    private static final String STEP = "step";
    private static final String FROZEN_TO = "frozenTo";
    private static final String SMOOTH_MEAN = "smoothMean";
    private static final String SMOOTH_COUNT = "smoothCount";
    private static final String BEST_VALID_LOSS = "bestValidLoss";
    private static final String SEED = "seed";
    private static final String BATCH = "batch";
    private static final String OPTIMIZER = "optimizer";
    private static final String OPTIMIZER_STEPS = "optimizerSteps";
    private static final String AVERAGED = "averaged";
    private static final String VALID_LOSSES = "validLosses";

    private LearnerCheckpoint() {}

    /** Writes everything that the next step depends on; the weights are the ones for evaluation. */
    static void write(Learner learner, Path folder, Map<String, String> metadata) {
        TrainingPosition position = learner.position();
        TrainableModel model = learner.model();
        Backend backend = model.backend();
        Optimizer optimizer = learner.optimizer();
        optimizer.useEvaluationWeights();
        try {
            List<TensorEntry> weights = new ArrayList<>();
            for (Parameter parameter : model.parameters().all()) {
                weights.add(finite(entry(backend, parameter.name(), parameter.value()), "weight", position.step()));
            }
            for (dev.tarn.nn.Buffer buffer : model.buffers()) {
                weights.add(finite(entry(backend, buffer.name(), buffer.value()), "statistic", position.step()));
            }
            for (String counter : model.counters()) {
                weights.add(TensorEntry.longs(counter, new int[0], new long[] {model.batchesTracked()}));
            }
            List<TensorEntry> moments = new ArrayList<>();
            OptimizerState optimizerState = optimizer.save((name, flat) -> {
                for (Parameter parameter : model.parameters().all()) {
                    moments.add(entry(backend, momentName(name, parameter), parameter.in(flat)));
                }
            });
            List<TensorEntry> hidden = new ArrayList<>();
            List<Tensor> carried = learner.task().state();
            for (int i = 0; i < carried.size(); i++) {
                hidden.add(entry(backend, stateName(i), carried.get(i)));
            }
            TrainingState state = new TrainingState()
                    .set(FIT, position.fit())
                    .set(EPOCH, position.epoch())
                    .set(DATA_EPOCH, position.cursor().epoch())
                    .set(WINDOW, position.cursor().window())
                    .set(ITERATION, position.iteration())
                    .set(STEP, position.step())
                    .set(FROZEN_TO, position.frozenTo())
                    .set(SMOOTH_MEAN, position.smoothMean())
                    .set(SMOOTH_COUNT, position.smoothCount())
                    .set(BEST_VALID_LOSS, position.bestValidLoss())
                    .set(SEED, learner.options().seed())
                    .set(BATCH, learner.task().source().batch())
                    .set(OPTIMIZER, optimizerState.kind())
                    .set(OPTIMIZER_STEPS, optimizerState.steps())
                    .set(AVERAGED, optimizerState.averaged())
                    .set(
                            VALID_LOSSES,
                            optimizerState.validLosses().stream()
                                    .mapToDouble(Double::doubleValue)
                                    .toArray());
            Checkpoint.write(folder, new Checkpoint.Contents(weights, moments, hidden, state, metadata));
        } finally {
            optimizer.useTrainingWeights();
        }
    }

    /** Puts a checkpoint into a learner of the same sizes, options and texts. */
    static void read(Learner learner, Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            TrainingState state = checkpoint.state();
            expect(folder, "seed", state.integer(SEED), learner.options().seed());
            expect(
                    folder,
                    "batch size",
                    state.integer(BATCH),
                    learner.task().source().batch());
            TrainableModel model = learner.model();
            Backend backend = model.backend();
            readWeights(model, checkpoint.weights());
            SafeTensorsFile hidden = checkpoint.hidden();
            List<double[]> carried = new ArrayList<>();
            List<Tensor> wanted = learner.task().state();
            for (int i = 0; i < wanted.size(); i++) {
                hidden.requireShape(stateName(i), wanted.get(i).shape());
                carried.add(hidden.doubles(stateName(i)));
            }
            learner.resume(position(state), new HiddenState(carried));
            SafeTensorsFile moments = checkpoint.optimizer();
            learner.optimizer().restore(optimizerState(state), (name, flat) -> {
                for (Parameter parameter : model.parameters().all()) {
                    String key = momentName(name, parameter);
                    moments.requireShape(key, parameter.shape());
                    upload(backend, moments, key, parameter.in(flat));
                }
            });
            model.parameters().changed();
        }
    }

    /** Puts the weights of a file into a model; what they were before is lost even when this fails half way. */
    static void readWeights(TrainableModel model, SafeTensorsFile weights) {
        for (Parameter parameter : model.parameters().all()) {
            weights.requireShape(parameter.name(), parameter.shape());
        }
        for (dev.tarn.nn.Buffer buffer : model.buffers()) {
            weights.requireShape(buffer.name(), buffer.value().shape());
        }
        for (String counter : model.counters()) {
            weights.requireShape(counter);
        }
        for (Parameter parameter : model.parameters().all()) {
            upload(model.backend(), weights, parameter.name(), parameter.value());
        }
        for (dev.tarn.nn.Buffer buffer : model.buffers()) {
            upload(model.backend(), weights, buffer.name(), buffer.value());
        }
        for (String counter : model.counters()) {
            model.batchesTracked(weights.longs(counter)[0]);
        }
        model.parameters().changed();
    }

    private static TrainingPosition position(TrainingState state) {
        return new TrainingPosition(
                // Runs from before classifiers had one fit and did not count it.
                state.has(FIT) ? Math.toIntExact(state.integer(FIT)) : 0,
                Math.toIntExact(state.integer(EPOCH)),
                new Cursor(state.integer(DATA_EPOCH), Math.toIntExact(state.integer(WINDOW))),
                state.integer(ITERATION),
                state.integer(STEP),
                Math.toIntExact(state.integer(FROZEN_TO)),
                state.real(SMOOTH_MEAN),
                state.integer(SMOOTH_COUNT),
                state.real(BEST_VALID_LOSS));
    }

    private static OptimizerState optimizerState(TrainingState state) {
        List<Double> validLosses = new ArrayList<>();
        for (double loss : state.reals(VALID_LOSSES)) {
            validLosses.add(loss);
        }
        return new OptimizerState(
                state.text(OPTIMIZER), state.integer(OPTIMIZER_STEPS), state.integer(AVERAGED), validLosses);
    }

    private static void expect(Path folder, String what, long saved, long wanted) {
        if (saved != wanted) {
            throw new CheckpointException("The checkpoint " + folder + " was written with " + what + " " + saved
                    + ", but this run has " + wanted + "; resume with the same configuration.");
        }
    }

    private static String momentName(String name, Parameter parameter) {
        return name + "/" + parameter.name();
    }

    /** h and c of a layer take turns. */
    private static String stateName(int index) {
        return index / 2 + (index % 2 == 0 ? ".h" : ".c");
    }

    private static boolean isDouble(Backend backend) {
        return backend.info().precision() == Precision.F64;
    }

    private static TensorEntry entry(Backend backend, String name, Tensor tensor) {
        DType type = isDouble(backend) ? DType.F64 : DType.F32;
        return new TensorEntry(name, type, tensor.shape(), () -> download(backend, tensor));
    }

    /** Refuses to save a weight that is no number: the checkpoint before is better than that. */
    private static TensorEntry finite(TensorEntry entry, String what, long step) {
        return new TensorEntry(entry.name(), entry.dtype(), entry.shape(), () -> {
            Buffer values = entry.values().get();
            if (!FiniteCheck.isFinite(values)) {
                throw new DivergedException("After step " + (step - 1) + " the " + what + " " + entry.name()
                        + " is no longer finite." + FiniteCheck.MEND);
            }
            return values;
        });
    }

    private static Buffer download(Backend backend, Tensor tensor) {
        int size = Math.toIntExact(tensor.size());
        if (isDouble(backend)) {
            double[] values = new double[size];
            backend.download(tensor, values);
            return DoubleBuffer.wrap(values);
        }
        float[] values = new float[size];
        backend.download(tensor, values);
        return FloatBuffer.wrap(values);
    }

    private static void upload(Backend backend, SafeTensorsFile file, String name, Tensor tensor) {
        if (isDouble(backend)) {
            backend.upload(file.doubles(name), tensor);
        } else {
            backend.upload(file.floats(name), tensor);
        }
    }
}
