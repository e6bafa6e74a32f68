//! Quantize and dequantize with parameters known beforehand (`FixedQParamsFakeQuantize`).

use super::grid::{Grid, straight};
use super::{FakeQuantizeBase, Gradients, Switches, check_gradient, check_range_in_storage};
use crate::error::Result;
use crate::quant::observers::torch::{FixedQParams, Observer, StateDict};
use crate::quant::scheme::QParams;
use crate::quant::spec::QuantizationSpec;
use crate::tensor::Tensor;

const NAME: &str = "FixedQParamsFakeQuantize";

/// Has a scale and zero point, whatever it sees: outputs of sigmoid, softmax, tanh.
#[derive(Clone, Debug)]
pub struct FixedQParamsFakeQuantize {
    observer: FixedQParams,
    grid: Grid,
    switches: Switches,
}

impl FixedQParamsFakeQuantize {
    /// These parameters.
    ///
    /// # Errors
    /// What [`FixedQParams::new`] refuses; an integer range outside the storage type.
    pub fn new(spec: &QuantizationSpec, scale: f32, zero_point: i32) -> Result<Self> {
        check_range_in_storage(spec)?;
        let observer = FixedQParams::new(spec, scale, zero_point)?;
        let mut grid = Grid::new(spec)?;
        grid.qparams = observer.calculate_qparams()?;
        Ok(Self { observer, grid, switches: Switches::default() })
    }
}

impl FakeQuantizeBase for FixedQParamsFakeQuantize {
    fn spec(&self) -> &QuantizationSpec {
        self.observer.spec()
    }

    fn forward(&mut self, x: &Tensor) -> Result<Tensor> {
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
        self.grid.write(self.switches.write(StateDict::new(NAME)))
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        state.check_observer(NAME)?;
        let switches = Switches::read(state)?;
        let observed = StateDict { observer: self.observer.state_dict().observer, ..state.clone() };
        self.observer.load_state_dict(&observed)?;
        self.grid.qparams = self.observer.calculate_qparams()?;
        self.switches = switches;
        Ok(())
    }
}
