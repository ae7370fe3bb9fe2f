package dev.tarn.report;

import dev.tarn.ConfigException;
import dev.tarn.run.AtomicFile;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A chart in the common look, drawn without a display. Immutable once made. */
public final class Plot {

    private static final int WIDTH = 900;
    private static final int HEIGHT = 560;

    /** Points of a line that are drawn; more than a picture has columns only cost time. */
    private static final int MAX_POINTS = 2000;

    static final Color MAIN = new Color(0x1f, 0x5a, 0x8c);
    static final Color SECOND = new Color(0xc0, 0x56, 0x21);
    static final Color FAINT = new Color(0xa8, 0xbf, 0xd4);
    static final Color MARK = new Color(0x88, 0x88, 0x88);

    /** For lines beside the main one, in turn. */
    private static final Color[] OTHERS = {
        SECOND, new Color(0x3c, 0x8c, 0x4e), new Color(0x7d, 0x4f, 0x9e), new Color(0xb0, 0x8a, 0x1e)
    };

    static {
        // Without this, a machine with a DISPLAY that cannot be reached would wait for it.
        if (System.getProperty("java.awt.headless") == null) {
            System.setProperty("java.awt.headless", "true");
        }
    }

    private final XYChart chart;

    Plot(String title, String xTitle, String yTitle) {
        chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setPlotBorderVisible(false);
        chart.getStyler().setPlotGridLinesColor(new Color(0xe4, 0xe4, 0xe4));
    }

    static Color other(int index) {
        return OTHERS[index % OTHERS.length];
    }

    /** Gives the horizontal axis a logarithmic scale; every x must be above 0. */
    Plot logarithmicX() {
        chart.getStyler().setXAxisLogarithmic(true);
        return this;
    }

    XYChart chart() {
        return chart;
    }

    /** Adds a line through the finite points, thinned to what a picture can show. */
    Plot line(String name, double[] x, double[] y, Color color) {
        return series(name, x, y, color, false);
    }

    /** Adds single points. */
    Plot points(String name, double[] x, double[] y, Color color) {
        return series(name, x, y, color, true);
    }

    private Plot series(String name, double[] x, double[] y, Color color, boolean marked) {
        int every = Math.max(1, (x.length + MAX_POINTS - 1) / MAX_POINTS);
        int[] kept = IntStream.range(0, x.length)
                .filter(i -> i % every == 0 || i == x.length - 1)
                .filter(i -> Double.isFinite(x[i]) && Double.isFinite(y[i]))
                .toArray();
        if (kept.length == 0) {
            return this;
        }
        double[] xs = new double[kept.length];
        double[] ys = new double[kept.length];
        for (int i = 0; i < kept.length; i++) {
            xs[i] = x[kept[i]];
            ys[i] = y[kept[i]];
        }
        XYSeries series = chart.addSeries(name, xs, ys);
        series.setLineColor(color);
        series.setMarkerColor(color);
        series.setMarker(marked ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        if (marked) {
            series.setLineStyle(SeriesLines.NONE);
        }
        return this;
    }

    /**
     * The picture.
     *
     * @throws ConfigException if this machine cannot draw text
     */
    public byte[] png() {
        try {
            BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
            Graphics2D graphics = image.createGraphics();
            chart.paint(graphics, WIDTH, HEIGHT);
            graphics.dispose();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            // In memory: ImageIO's own choice is a temporary file.
            try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
                ImageIO.write(image, "png", out);
            }
            return bytes.toByteArray();
        } catch (IOException | LinkageError | InternalError e) {
            throw new ConfigException(
                    "Plots cannot be drawn on this machine (" + e + "); install fontconfig and a font, for example "
                            + "fonts-dejavu-core.",
                    e);
        }
    }

    /**
     * Writes the picture; the file appears whole or not at all.
     *
     * @throws ConfigException if it cannot be drawn or written
     */
    public void write(Path file) {
        byte[] png = png();
        try {
            AtomicFile.write(file, channel -> AtomicFile.writeFully(channel, ByteBuffer.wrap(png)));
        } catch (IOException e) {
            throw new ConfigException(
                    "The plot " + file + " cannot be written: " + e.getMessage()
                            + "; give a folder that exists and is writable.",
                    e);
        }
    }
}
