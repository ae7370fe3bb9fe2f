package dev.tarn.train;

import dev.tarn.ConfigException;
import dev.tarn.model.TextClassifier;
import dev.tarn.report.LossPlot;
import dev.tarn.report.NormPlot;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunFolder;
import it.unimi.dsi.fastutil.doubles.DoubleArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a row of {@code metrics.jsonl} for every epoch, on the disk before the checkpoint of that epoch is written, and draws
 * the plots of the run as far as it has come. A machine that cannot draw (no fonts) trains all the same and says so once.
 */
final class RunRecord implements Callback {

    private static final Logger LOG = LoggerFactory.getLogger(RunRecord.class);

    private final RunFolder folder;
    private final @Nullable HiddenNorms norms;

    /** Of all fits, while the recorder has those of one. */
    private final DoubleArrayList losses = new DoubleArrayList();

    private final DoubleArrayList smoothLosses = new DoubleArrayList();
    private final DoubleArrayList epochEnds = new DoubleArrayList();
    private final DoubleArrayList validLosses = new DoubleArrayList();
    private int taken;
    private boolean cannotDraw;

    RunRecord(RunFolder folder, @Nullable HiddenNorms norms) {
        this.folder = folder;
        this.norms = norms;
    }

    /** Behind what measures, before what saves. */
    @Override
    public int order() {
        return 900;
    }

    @Override
    public void onTrainBegin(Learner learner) {
        taken = 0;
    }

    @Override
    public void onEpochEnd(Learner learner, EpochRow row) {
        JsonEvent event = learner.model() instanceof TextClassifier ? Events.classifierEpoch(row) : Events.epoch(row);
        if (norms != null) {
            event.with("norms", Events.norms(norms));
        }
        folder.metrics().append(event);
        folder.metrics().sync();
        draw(learner.recorder(), row);
    }

    private void draw(Recorder recorder, EpochRow row) {
        if (cannotDraw) {
            return;
        }
        double[] fitLosses = recorder.losses();
        losses.addElements(losses.size(), fitLosses, taken, fitLosses.length - taken);
        smoothLosses.addElements(smoothLosses.size(), recorder.smoothLosses(), taken, fitLosses.length - taken);
        taken = fitLosses.length;
        epochEnds.add(losses.size());
        validLosses.add(row.validLoss());
        try {
            LossPlot.of(
                            losses.toDoubleArray(),
                            smoothLosses.toDoubleArray(),
                            epochEnds.toDoubleArray(),
                            validLosses.toDoubleArray())
                    .write(folder.plots().resolve("loss.png"));
            if (norms != null) {
                double[][] means = new double[norms.layers()][];
                double[][] deviations = new double[norms.layers()][];
                for (int layer = 0; layer < means.length; layer++) {
                    means[layer] = norms.mean(layer);
                    deviations[layer] = norms.deviation(layer);
                }
                NormPlot.of(means, deviations).write(folder.plots().resolve("norms.png"));
            }
        } catch (ConfigException e) {
            LOG.warn("{}", e.getMessage());
            cannotDraw = true;
        }
    }
}
