package dev.tarn.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlotTest {

    private static final double[] HUNDRED =
            IntStream.range(0, 100).mapToDouble(i -> 1 + i).toArray();

    @Test
    void aLossPlotShowsAllThreeSeries() throws IOException {
        BufferedImage image = image(LossPlot.of(HUNDRED, HUNDRED, new double[] {50, 100}, new double[] {20, 60})
                .png());
        assertThat(image.getWidth()).isEqualTo(900);
        assertThat(image.getHeight()).isEqualTo(560);
        assertThat(pixels(image, Plot.MAIN)).isGreaterThan(200);
        assertThat(pixels(image, Plot.SECOND)).isGreaterThan(20);
    }

    @Test
    void numbersThatAreNotFiniteAreLeftOut() throws IOException {
        double[] losses = HUNDRED.clone();
        losses[99] = Double.NaN;
        losses[98] = Double.POSITIVE_INFINITY;
        BufferedImage image = image(LossPlot.of(losses, losses, new double[] {50}, new double[] {Double.NaN})
                .png());
        assertThat(pixels(image, Plot.SECOND)).isZero();
        assertThat(LossPlot.of(new double[0], new double[0], new double[0], new double[0])
                        .png())
                .isNotEmpty();
    }

    @Test
    void aRateSearchMarksItsSuggestions(@TempDir Path folder) throws IOException {
        double[] lrs = IntStream.range(0, 100)
                .mapToDouble(i -> 1e-7 * Math.pow(1e8, i / 100.0))
                .toArray();
        Path file = folder.resolve("lr-find.png");
        LrFinderPlot.of(lrs, HUNDRED, Map.of("steepest", 1e-3, "valley", 1e-2)).write(file);
        BufferedImage image = image(Files.readAllBytes(file));
        assertThat(pixels(image, Plot.MAIN)).isGreaterThan(200);
        int marks = pixels(image, Plot.SECOND);
        assertThat(marks).isGreaterThan(20);
        assertThat(pixels(image(LrFinderPlot.of(lrs, HUNDRED, Map.of()).png()), Plot.SECOND))
                .isZero();
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aLongTrainingIsThinnedAndANormPlotDrawn() throws IOException {
        double[] million = new double[1_000_000];
        Plot plot = LossPlot.of(million, million, new double[0], new double[0]);
        assertThat(plot.chart().getSeries("smoothed").getXData()).hasSizeBetween(1000, 2001);
        BufferedImage norms = image(norms().png());
        assertThat(pixels(norms, Plot.MAIN)).isGreaterThan(200);
        assertThat(pixels(norms, Plot.SECOND)).isGreaterThan(200);
        assertThat(pixels(norms, Plot.FAINT)).isGreaterThan(200);
    }

    @Test
    void anArmWithOneValueIsAPoint() throws IOException {
        double[][] one = {{1}};
        BufferedImage image = image(ArmPlot.lines("norms", "epoch", "norm", List.of("none"), one, one)
                .png());
        BufferedImage withoutLegend = image.getSubimage(0, 0, 700, image.getHeight());
        assertThat(pixels(withoutLegend, ArmPlot.color(0))).isGreaterThan(10);
    }

    private static Plot norms() {
        double[] lower = Arrays.stream(HUNDRED).map(x -> 3 * x).toArray();
        return NormPlot.of(new double[][] {lower, HUNDRED}, new double[][] {HUNDRED, HUNDRED});
    }

    @Test
    void aHorizonIsDrawnWithTheLengthOfTraining() throws IOException {
        Plot loss = HorizonPlot.loss(HUNDRED, HUNDRED, 30);
        assertThat(loss.chart().getSeries("bptt 30").getXData()).containsExactly(30, 30);
        assertThat(pixels(image(loss.png()), Plot.MAIN)).isGreaterThan(200);
        double[][] layers = {HUNDRED, HUNDRED};
        assertThat(image(HorizonPlot.norms(HUNDRED, layers, layers, 30).png()).getWidth())
                .isEqualTo(900);
    }

    @Test
    void aHorizonOfOneStepOrWithoutNumbersIsDrawnAllTheSame() throws IOException {
        double[] one = {1};
        double[] none = {Double.NaN};
        assertThat(image(HorizonPlot.loss(one, one, 70).png()).getWidth()).isEqualTo(900);
        assertThat(image(HorizonPlot.loss(one, none, 70).png()).getWidth()).isEqualTo(900);
        assertThat(image(HorizonPlot.norms(one, new double[][] {none}, new double[][] {none}, 70)
                                .png())
                        .getWidth())
                .isEqualTo(900);
        double[] broken = HUNDRED.clone();
        Arrays.fill(broken, 40, 100, Double.POSITIVE_INFINITY);
        assertThat(pixels(image(HorizonPlot.loss(HUNDRED, broken, 30).png()), Plot.MAIN))
                .isGreaterThan(100);
    }

    @Test
    void aFolderThatIsNotThereIsNamed(@TempDir Path folder) {
        Path file = folder.resolve("none").resolve("plot.png");
        assertThatThrownBy(() -> norms().write(file))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(file.toString());
    }

    private static BufferedImage image(byte[] png) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(png));
    }

    private static int pixels(BufferedImage image, Color color) {
        return (int) IntStream.range(0, image.getWidth() * image.getHeight())
                .filter(at -> image.getRGB(at % image.getWidth(), at / image.getWidth()) == color.getRGB())
                .count();
    }
}
