import type { PageTexts } from '../../page-texts.ts';

/** Spanish. */
export const es: PageTexts = {
  pages: {
    login_invalid: {
      title: 'No se ha podido leer este inicio de sesión',
      message: 'La respuesta recibida estaba incompleta. Vuelva a iniciar sesión.',
    },
    login_not_found: {
      title: 'Este inicio de sesión ya no está en espera',
      message:
        'Ya ha terminado, o este navegador no lo ha conservado: puede que se iniciara en otro navegador o que las cookies estén bloqueadas. Vuelva a iniciar sesión.',
    },
    login_not_brought: {
      title: 'Este inicio de sesión ya no está en espera',
      message:
        'Este navegador no ha enviado nada de él. Lo más probable es que se iniciara en otra dirección de este sitio: comience en {homeUrl}. También puede que ya haya terminado o que las cookies estén bloqueadas.',
    },
    login_expired: {
      title: 'Este inicio de sesión ha tardado demasiado',
      message: 'Se ha cancelado por su seguridad. Vuelva a iniciar sesión.',
    },
    login_insufficient: {
      title: 'Aquí se necesita algo más',
      message: 'Esta página requiere un inicio de sesión más seguro o más reciente que el suyo.',
    },
    login_unprovable: {
      title: 'Aquí se necesita algo más',
      message:
        'Esta página requiere un inicio de sesión más seguro o más reciente, que su cuenta no ofrece. Iniciar sesión otra vez de la misma manera no lo cambiaría.',
    },
    login_denied: {
      title: 'No se ha iniciado la sesión',
      message: 'El inicio de sesión se ha cancelado o rechazado.',
    },
    login_refused: {
      title: 'No se ha iniciado la sesión',
      message: 'Esta cuenta no se puede utilizar aquí.',
    },
    login_ended: {
      title: 'Se ha cerrado su sesión',
      message: 'Mientras iniciaba sesión ha llegado un cierre de sesión. Vuelva a iniciar sesión.',
    },
    login_limited: {
      title: 'Tiene sesiones abiertas en otros lugares',
      message:
        'Ha alcanzado el número de sesiones permitido aquí. Cierre la sesión en otro dispositivo y vuelva a iniciar sesión.',
    },
    provider_unavailable: {
      title: 'El inicio de sesión no está disponible',
      message: 'El servicio de inicio de sesión no responde. Inténtelo de nuevo dentro de poco.',
    },
    provider_invalid_response: {
      title: 'No se ha iniciado la sesión',
      message: 'La respuesta del servicio de inicio de sesión no es de confianza.',
    },
    provider_refused: {
      title: 'No se ha iniciado la sesión',
      message: 'El servicio de inicio de sesión se ha negado a completarlo.',
    },
    store_unavailable: {
      title: 'Inténtelo de nuevo dentro de poco',
      message: 'En este momento no se puede acceder a su sesión.',
    },
    login_required: {
      title: 'Inicie sesión',
      message: 'Esta página es solo para quienes han iniciado sesión.',
    },
    access_denied: {
      title: 'No tiene acceso a esta página',
      message: 'Su cuenta no dispone de lo que se necesita aquí.',
    },
    cross_origin_request: {
      title: 'Esta acción no se ha realizado',
      message:
        'La solicitud procedía de otro sitio web y se ha rechazado por su seguridad. Si fue usted quien quiso hacerla, abra la página aquí y hágala desde ella.',
    },
    unexpected: {
      title: 'Algo ha fallado',
      message: 'No se ha podido realizar esta acción. Inténtelo de nuevo más tarde.',
    },
    form_not_kept: {
      title: 'Vuelva a iniciar sesión',
      message:
        'Su sesión ha terminado, o se necesita un inicio de sesión más reciente: lo que envió no se ha guardado. Inicie sesión, vuelva a la página, cárguela de nuevo y envíelo otra vez.',
    },
    form_kept: {
      title: 'Vuelva a iniciar sesión',
      message:
        'Su sesión ha terminado, o se necesita un inicio de sesión más reciente. Lo que envió se conserva durante media hora: inicie sesión y se le preguntará si desea enviarlo.',
    },
    form_to_send: {
      title: '¿Enviarlo ahora?',
      message:
        'Lo que envió a {action} antes de iniciar sesión se ha conservado y solo se envía con este botón. Esta página lo ofrece durante media hora, incluso después de haberlo enviado: envíelo una sola vez.',
    },
    form_gone: {
      title: 'Aquí no se conserva nada',
      message: 'Lo que envió se conservó durante media hora. Vuelva a la página y envíelo de nuevo.',
    },
    form_of_another: {
      title: 'No puede enviar esto',
      message:
        'Lo que se conservó aquí pertenece a otra cuenta y no se ha enviado. Para enviarlo, inicie sesión con la cuenta con la que se escribió.',
    },
    choose: {
      title: 'Iniciar sesión',
      message: 'Elija dónde tiene su cuenta.',
    },
    login_done: {
      title: 'Ha iniciado sesión',
      message: 'Puede cerrar esta ventana.',
    },
    signed_in: {
      title: 'Su sesión está abierta',
      message: 'Tiene una sesión aquí, y continúa.',
    },
    signed_out: {
      title: 'Ha cerrado la sesión',
      message: 'Su sesión ha terminado aquí.',
    },
    signed_out_here: {
      title: 'Ha cerrado la sesión aquí',
      message:
        'No se ha podido contactar con el servicio de inicio de sesión: puede que allí su sesión siga abierta.',
    },
    signing_out: {
      title: 'Cerrando la sesión',
      message:
        'Ha cerrado la sesión aquí. Un paso más pone fin a su sesión en el servicio de inicio de sesión.',
    },
    sign_out: {
      title: '¿Cerrar la sesión?',
      message: 'Su sesión terminará aquí.',
    },
    frame_signed_out: {
      title: 'Sesión cerrada',
      message: 'La sesión ha terminado aquí, si había alguna.',
    },
  },
  labels: {
    home: 'Página de inicio',
    signIn: 'Iniciar sesión',
    signInAgain: 'Volver a iniciar sesión',
    useAnotherAccount: 'Usar otra cuenta',
    signOut: 'Cerrar sesión',
    signOutOfService: 'Cerrar sesión en el servicio de inicio de sesión',
    staySignedIn: 'Mantener la sesión abierta',
    continue: 'Continuar',
    tryAgain: 'Intentarlo de nuevo',
    sendIt: 'Enviar',
    doNotSendIt: 'No enviar',
    reference: 'Si pide ayuda, indique esta referencia: {reference}',
    missing: 'Falta: {list}.',
    missingRole: 'el rol {names}',
    missingRoles: 'uno de los roles {names}',
    missingScopes: 'el permiso {names}',
    missingClaims: '{names} en su cuenta',
    missingMethod: 'un inicio de sesión mediante {names}',
  },
};
