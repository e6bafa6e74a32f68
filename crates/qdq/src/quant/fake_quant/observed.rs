//! An observer, then quantize and dequantize (`FakeQuantize`).

use super::grid::{Grid, straight};
use super::{FakeQuantizeBase, Gradients, OBSERVER, Switches, check_gradient, check_range_in_storage};
use crate::error::{Error, Result};
use crate::quant::observers::torch::{Observer, StateDict, observer};
use crate::quant::scheme::QParams;
use crate::quant::spec::{ObserverKind, QuantizationSpec, Scheme};
use crate::tensor::Tensor;

const NAME: &str = "FakeQuantize";

/// Takes its parameters from an observer, at each batch while that is switched on.
#[derive(Debug)]
pub struct FakeQuantize {
    observer: Box<dyn Observer>,
    grid: Grid,
    switches: Switches,
}

impl FakeQuantize {
    /// Nothing observed so far: scale 1, zero point 0.
    ///
    /// # Errors
    /// A spec that its observer refuses, an observer without parameters, an integer range outside the storage type.
    pub fn new(spec: &QuantizationSpec) -> Result<Self> {
        use ObserverKind::{Noop, Placeholder, Recording, ReuseInput};
        if matches!(spec.observer, Placeholder | Recording | Noop | ReuseInput) {
            return Err(Error::usage(format!("{NAME} with the observer {:?}", spec.observer))
                .help("use an observer that finds a range"));
        }
        check_range_in_storage(spec)?;
        Ok(Self { observer: observer(spec)?, grid: Grid::new(spec)?, switches: Switches::default() })
    }
}

impl FakeQuantizeBase for FakeQuantize {
    fn spec(&self) -> &QuantizationSpec {
        self.observer.spec()
    }

    fn forward(&mut self, x: &Tensor) -> Result<Tensor> {
        if self.switches.observer {
            self.observer.observe(x)?;
            self.grid.qparams = self.observer.calculate_qparams()?;
        }
        if self.switches.fake_quant { self.grid.forward(x) } else { Ok(x.clone()) }
    }

    fn backward(&self, x: &Tensor, grad: &Tensor) -> Result<Gradients> {
        check_gradient(x, grad)?;
        if self.switches.fake_quant { self.grid.backward(x, grad) } else { Ok(straight(grad.clone())) }
    }

    fn qparams(&self) -> QParams {
        self.grid.qparams.clone()
    }

    fn calculate_qparams(&self) -> Result<QParams> {
        self.observer.calculate_qparams()
    }

    fn switches(&self) -> Switches {
        self.switches
    }

    fn switches_mut(&mut self) -> &mut Switches {
        &mut self.switches
    }

    fn state_dict(&self) -> StateDict {
        let observed = self.observer.state_dict();
        let state = StateDict::new(&format!("{NAME}({})", observed.observer));
        let state = self.grid.write(self.switches.write(state));
        let arrays = observed.arrays.into_iter();
        arrays.fold(state, |state, (name, numbers)| state.with(&format!("{OBSERVER}{name}"), numbers))
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        let observer = self.observer.state_dict().observer;
        state.check_observer(&format!("{NAME}({observer})"))?;
        let mut grid = self.grid.clone();
        grid.read(state, self.spec().scheme == Scheme::PerChannelAffineFloatQParams)?;
        let switches = Switches::read(state)?;
        self.observer.load_state_dict(&state.nested(OBSERVER, &observer))?;
        (self.grid, self.switches) = (grid, switches);
        Ok(())
    }
}
