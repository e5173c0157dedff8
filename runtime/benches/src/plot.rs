//! The plot of the page.

use std::{error::Error, path::Path};

use plotters::prelude::*;

use crate::{
    cases::{Case, SIZES, WAYS, Way},
    figures::{Figures, Unit},
};

/// Who is shown: more lines than these cannot be told apart.
const SHOWN: [&str; 8] = [
    "bare",
    "JoinSet",
    "TaskTracker",
    "FuturesUnordered",
    "futures_buffered",
    "spawn-join_all",
    "spawn-try_join_all",
    "in_task-join_all",
];

/// Draws the instructions of a ready task against the number of tasks.
pub fn draw(figures: &Figures, file: &Path) -> Result<(), Box<dyn Error>> {
    let lines: Vec<_> = SHOWN
        .iter()
        .filter_map(|how| {
            WAYS.iter()
                .find(|way| way.how == *how && way.what == "ready")
        })
        .map(|&way| (way, points(figures, way)))
        .collect();
    let most = lines
        .iter()
        .flat_map(|(_, points)| points)
        .fold(0.0, |most: f64, point| most.max(point.1));

    let area = SVGBackend::new(file, (900, 520)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(
            "Instructions per ready task, one thread",
            ("sans-serif", 20),
        )
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((1.0..1e6).log_scale(), 0.0..most * 1.1)?;
    chart
        .configure_mesh()
        .x_desc("tasks of the invocation")
        .y_desc("instructions per task")
        .x_label_formatter(&|tasks| format!("{tasks:.0}"))
        .y_label_formatter(&|instructions| format!("{instructions:.0}"))
        .draw()?;
    for (nth, (way, points)) in lines.into_iter().enumerate() {
        let color = Palette99::pick(nth);
        let style = color.stroke_width(if is_ours(way) { 3 } else { 1 });
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style).point_size(3))?
            .label(way.how)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.2))
        .draw()?;
    area.present()?;
    Ok(())
}

fn is_ours(way: Way) -> bool {
    way.how.starts_with("spawn-") || way.how.starts_with("in_task-")
}

#[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
fn points(figures: &Figures, way: Way) -> Vec<(f64, f64)> {
    SIZES
        .iter()
        .filter_map(|&tasks| {
            let case = Case { way, tasks }.to_string();
            Some((tasks as f64, figures.get(Unit::Instructions, &case)?))
        })
        .collect()
}
