// They live beside StatusError, which makes them of what a server sent.
export { BusinessError, ValidationError, type BusinessErrorInit, type Violation } from './status-error.js';
